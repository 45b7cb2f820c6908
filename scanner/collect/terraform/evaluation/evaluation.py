"""Answers what an attribute of a planned instance will be, by the block that declares it and the rest of the plan."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from scanner.collect.terraform.address import ModulePath, without_keys
from scanner.collect.terraform.configuration import Block
from scanner.collect.terraform.evaluation.blocks import contradicts, expand, pick
from scanner.collect.terraform.evaluation.expressions import TooMuch
from scanner.collect.terraform.evaluation.names import ModuleNames
from scanner.collect.terraform.evaluation.parsing import INSTALL, Body, NotReadable, block_body, installed
from scanner.collect.terraform.evaluation.values import Unknown, Value
from scanner.collect.terraform.instances import Instance
from scanner.collect.terraform.source import SourceTree

if TYPE_CHECKING:
    from scanner.collect.terraform.world import World

KINDS = {"managed": "resource", "data": "data"}


class Evaluation:
    """One source beside one world after apply.

    Where the plan is `partial`, that a resource is not in it says nothing, so references to such are not told.
    """

    def __init__(self, world: World, source: SourceTree, partial: bool) -> None:
        self.world = world
        self.source = source
        self.partial = partial
        self.missed = 0
        """Questions that could not be asked, because the extra is not installed."""
        self.members: dict[tuple[Block, ModulePath], list[Instance]] = defaultdict(list)
        for instance in world.instances:
            self.members[instance.block, instance.module].append(instance)
        self._ready = installed()
        self._written: dict[tuple[str, str], dict[str, Value] | Unknown] = {}
        self._modules: dict[ModulePath, ModuleNames] = {}

    def value(self, instance: Instance, path: str, at: tuple[int | str, ...] = ()) -> Value:
        """What the attribute at `path` will be, None where the author wrote none; Unknown with the reason."""
        if not self._ready:
            self.missed += 1
            return Unknown(f"`{INSTALL}` is needed to read the source", read=False)
        written = self._of(instance)
        return written if isinstance(written, Unknown) else pick(written, instance.after, path, at)

    def note(self) -> str | None:
        """What a reader should know about what was not asked."""
        if not self.missed:
            return None
        return (
            f"the source was read for lines, waivers and locals alone; `{INSTALL}` lets it settle what else the plan "
            f"leaves open ({self.missed} value(s) asked)"
        )

    def module(self, path: ModulePath) -> ModuleNames:
        """What names mean in one module instance."""
        if path not in self._modules:
            self._modules[path] = ModuleNames(self, path)
        return self._modules[path]

    def block(self, place: tuple[str, ...], *header: str) -> Body:
        """The one block of a module with this kind and these labels; NotReadable where there is none or are several."""
        texts = self.source.blocks.get(place, {}).get(header, [])
        if len(texts) != 1:
            raise NotReadable(f"{' '.join(header)} stands {len(texts)} times in the source of its module")
        return block_body(texts[0])

    def _of(self, instance: Instance) -> dict[str, Value] | Unknown:
        if instance.id not in self._written:
            self._written[instance.id] = Unknown(f"{instance.address} refers to itself")
            self._written[instance.id] = self._evaluated(instance)
        return self._written[instance.id]

    def _evaluated(self, instance: Instance) -> dict[str, Value] | Unknown:
        place = without_keys(instance.module)
        header = (KINDS[instance.mode], instance.type, instance.name)
        try:
            body = self.block(place, *header)
        except NotReadable as problem:
            return Unknown(f"the source of {instance.address} cannot be read: {problem}", read=False)
        try:
            written = expand(body, self.module(instance.module).around(instance.key, *header).evaluator())
        except TooMuch:
            return Unknown(f"{instance.address} takes too many steps to work out")
        except (NotReadable, RecursionError) as problem:
            return Unknown(f"the source of {instance.address} cannot be read: {problem}")
        after = instance.after or {}
        stale = next((name for name, value in written.items() if contradicts(value, after.get(name))), None)
        if stale is not None:
            return Unknown(f"the source states another {stale} for {instance.address} than the plan", read=False)
        return written
