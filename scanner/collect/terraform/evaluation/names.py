"""What names mean in one module instance: inputs, locals, resources, data sources and outputs of modules it calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from scanner.collect.terraform.address import Key, ModulePath, without_keys
from scanner.collect.terraform.configuration import Block
from scanner.collect.terraform.documents import DOCUMENT, render
from scanner.collect.terraform.evaluation.expressions import Attribute, Budget, Evaluator, Item, Step
from scanner.collect.terraform.evaluation.operators import entries, item
from scanner.collect.terraform.evaluation.parsing import NotReadable, block_body
from scanner.collect.terraform.evaluation.values import (
    EvaluationError,
    Planned,
    Unknown,
    Value,
    opened,
    with_unknown,
)
from scanner.collect.terraform.instances import Instance
from scanner.collect.terraform.world import KEY_TYPES

if TYPE_CHECKING:
    from scanner.collect.terraform.evaluation.evaluation import Evaluation

REPEATED = frozenset({"count", "for_each"})


class Here(NamedTuple):
    """The block instance around an expression, for `each` and `count`."""

    key: Key
    header: tuple[str, ...]


class ModuleNames:
    """The names of one module instance; inside a block instance also `each` and `count`."""

    def __init__(self, evaluation: Evaluation, path: ModulePath, shared: dict[str, Value] | None = None) -> None:
        self._evaluation = evaluation
        self._path = path
        self._place = without_keys(path)
        self._known: dict[str, Value] = {} if shared is None else shared
        """Inputs and locals that were worked out."""
        self._here: Here | None = None

    def around(self, key: Key, *header: str) -> ModuleNames:
        """The same names inside one instance of the block with this header."""
        names = ModuleNames(self._evaluation, self._path, self._known)
        names._here = Here(key, header)
        return names

    def file(self, path: str) -> str | None:
        """A file below the root of the source."""
        return self._evaluation.source.files.read(path)

    def value(self, root: str, steps: list[Step]) -> tuple[Value, list[Step]]:
        """What a name means, and the steps that remain."""
        if root in ("terraform", "self"):
            return Unknown(f"`{root}` is not evaluated"), []
        name, rest = _name(root, steps), steps[1:]
        if root in ("each", "count"):
            return self._iterated(root, name), rest
        if root == "path":
            return self._folder(name), rest
        if root == "var":
            return self._once(f"var.{name}", self._input, name), rest
        if root == "local":
            return self._once(f"local.{name}", self._local, name), rest
        if root == "module":
            return self._module(name, rest)
        mode, kind = ("managed", root) if root != "data" else ("data", name)
        if mode == "data":
            name, rest = _name(kind, rest), rest[1:]
        return self._resources((self._place, mode, kind, name)), rest

    def attribute(self, value: Value, name: str) -> Value:
        """An attribute of a resource."""
        if isinstance(value, Instance):
            return self._attribute(value, name)
        if isinstance(value, list) and name.isdecimal():
            return item(value, int(name))
        raise EvaluationError(f"has no attribute `{name}`")

    def evaluator(self) -> Evaluator:
        """Works out expressions with these names."""
        return Evaluator(self, Budget())

    # --- each, count, path ---

    def _iterated(self, root: str, name: str) -> Value:
        if self._here is None or self._here.key is None:
            raise EvaluationError(f"`{root}` where nothing is repeated")
        if name in ("key", "index"):
            return self._here.key
        body = self._evaluation.block(self._place, *self._here.header)
        over = self.evaluator().of(body.attributes["for_each"])
        listed = entries(over)
        if isinstance(listed, Unknown):
            return listed
        for key, value in listed:
            if self._here.key == (key if isinstance(over, dict) else value):  # a set's keys are its values
                return value
        return Unknown(f"`for_each` has no `{self._here.key}`")

    def _folder(self, name: str) -> Value:
        place = {"module": self._place, "root": ()}.get(name)
        folder = None if place is None else self._evaluation.source.files.folder(place)
        return Unknown(f"`path.{name}` cannot be told") if folder is None else folder

    # --- inputs and locals ---

    def _once(self, label: str, work: Callable[[str], Value], name: str) -> Value:
        if label not in self._known:
            self._known[label] = Unknown(f"{label} refers to itself")
            try:
                self._known[label] = work(name)
            except NotReadable as problem:
                self._known[label] = Unknown(f"{label}: {problem}")
        return self._known[label]

    def _local(self, name: str) -> Value:
        found = [
            node
            for text in self._evaluation.source.blocks.get(self._place, {}).get(("locals",), [])
            if (node := block_body(text).attributes.get(name)) is not None
        ]
        if len(found) != 1:
            return Unknown(f"local.{name} is defined {len(found)} times in the source of its module")
        return self.evaluator().of(found[0])

    def _input(self, name: str) -> Value:
        """An input as the module sees it; a type with optional attributes may add to what was given."""
        module = self._evaluation.world.configuration.modules.get(self._place)
        stated = (module.variables.get(name) if module else None) or {}
        if not isinstance(stated, dict) or stated.get("sensitive"):
            return Unknown(f"var.{name} is sensitive")
        declared = self._evaluation.source.blocks.get(self._place, {}).get(("variable", name), [])
        if len(declared) != 1:
            return Unknown(f"var.{name} is declared {len(declared)} times in the source of its module")
        value = self._given(name, stated.get("default"))
        if value is None and "nullable" in declared[0]:
            return Unknown(f"var.{name} is null, which its declaration may replace")
        return opened(value) if "optional" in declared[0] else value

    def _given(self, name: str, default: Value) -> Value:
        if not self._path:
            inputs = self._evaluation.world.configuration.inputs
            return inputs.get(name, default)
        (call, key), parent = self._path[-1], self._evaluation.module(self._path[:-1])
        node = self._evaluation.block(self._place[:-1], "module", call).attributes.get(name)
        return default if node is None else parent.around(key, "module", call).evaluator().of(node)

    # --- modules and resources ---

    def _module(self, name: str, steps: list[Step]) -> tuple[Value, list[Step]]:
        module = self._evaluation.world.configuration.modules.get(self._place)
        call = module.calls.get(name) if module else None
        if call is None:
            return Unknown(f"module.{name} is not in the configuration"), []
        key: Key = None
        if REPEATED & self._evaluation.block(self._place, "module", name).attributes.keys():
            if not steps or not isinstance(steps[0], Item) or not isinstance(steps[0].key, (str, int)):
                return Unknown(f"module.{name} is used as a whole"), []
            key, steps = steps[0].key, steps[1:]
            if isinstance(key, Planned):
                return Unknown(f"an index of module.{name} is known only after apply"), []
        output = _name("module", steps)
        body = self._evaluation.block((*self._place, name), "output", output)
        if "sensitive" in body.attributes or "value" not in body.attributes:
            return Unknown(f"module.{name}.{output} is sensitive"), []
        child = self._evaluation.module((*self._path, (name, key)))
        return child.evaluator().of(body.attributes["value"]), steps[1:]

    def _resources(self, block: Block) -> Value:
        """The instances of a block in this module: one, a list by count, a map by for_each."""
        address = ".".join(block[2:] if block[1] == "managed" else ("data", *block[2:]))
        declared = self._evaluation.world.configuration.blocks.get(block)
        members = self._evaluation.members.get((block, self._path), [])
        if declared is None:
            return Unknown(f"{address} is not in the configuration")
        if self._evaluation.partial:
            return Unknown(f"the plan is partial, so what it holds of {address} is not all")
        keyed = {type(one.key) for one in members}  # a plan leaves out a for_each of functions (`toset([...])`)
        if declared.for_each_expression is not None or str in keyed:
            return {str(one.key): one for one in members}
        if declared.count_expression is not None or int in keyed:
            counted = {one.key: one for one in members}
            whole = set(counted) == set(range(len(counted)))
            return [counted[place] for place in range(len(counted))] if whole else Unknown(f"{address} has gaps")
        return members[0] if len(members) == 1 else Unknown(f"{address} is not in the plan")

    def _attribute(self, instance: Instance, name: str) -> Value:
        place = f"{instance.address}.{name}"
        mark = instance.unknown.get(name) if isinstance(instance.unknown, dict) else instance.unknown
        if mark is not True:
            after = instance.after or {}
            absent = name not in after and not mark
            return Unknown(f"{place} is not in the plan") if absent else with_unknown(after.get(name), mark, place)
        world = self._evaluation.world
        if instance.mode == "data":
            if instance.type == DOCUMENT and name == "json":
                read = render(world, instance)
                return Unknown(read.reason or place) if read.text is None or read.reason else Planned(read.text)
            return Planned(place, instance, name, stands=False)
        if name == "arn":
            return Planned(world.arn(instance), instance, name)
        if name in ("id", "key_id") and instance.type in KEY_TYPES:
            return Planned(world.key_id(instance), instance, name)
        return Planned(place, instance, name, stands=False)


def _name(root: str, steps: list[Step]) -> str:
    first = steps[0] if steps else None
    if isinstance(first, Attribute):
        return first.name
    raise EvaluationError(f"`{root}` without a name")
