"""Expressions to values: operators, templates, conditionals, `for` and splat, as HCL's native syntax defines them.

`Names` says what a name means; here is only the language (github.com/hashicorp/hcl, hclsyntax/spec.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias

from scanner.collect.terraform.evaluation import functions, rendering, templates
from scanner.collect.terraform.evaluation.operators import binary, boolean, entries, entry, item, number, numeral
from scanner.collect.terraform.evaluation.parsing import identifier, subtrees
from scanner.collect.terraform.evaluation.values import (
    TOO_LARGE,
    EvaluationError,
    Unknown,
    Value,
    joined,
    size_of,
    undecided,
)

if TYPE_CHECKING:
    from scanner.collect.terraform.evaluation.parsing import Node

MOST_STEPS = 200_000
"""Expressions that one question may take; real policies need a few hundred."""


class Attribute(NamedTuple):
    """`.name`"""

    name: str


class Item(NamedTuple):
    """`[key]`; unknown keys are kept."""

    key: Value


class Splat(NamedTuple):
    """`[*]` or `.*` with the steps that are taken in every item."""

    steps: tuple[Any, ...]


Step: TypeAlias = Attribute | Item | Splat


class Names(Protocol):
    """What names mean in one place of the configuration."""

    def value(self, root: str, steps: list[Step]) -> tuple[Value, list[Step]]:
        """The value that `root` and the first of `steps` name, and the steps that are left."""

    def attribute(self, value: Value, name: str) -> Value:
        """An attribute of a value that is not a map."""

    def file(self, path: str) -> str | None:
        """The text of a file of the configuration."""


class Budget:
    """Counts steps, so that a hostile source ends too."""

    def __init__(self) -> None:
        self.left = MOST_STEPS

    def spend(self, steps: int = 1) -> None:
        """Some steps; TooMuch past the limit, which nothing but the whole question catches."""
        self.left -= steps
        if self.left < 0:
            raise TooMuch


class TooMuch(Exception):
    """A question that takes more steps than any real one."""


class Evaluator:
    """Works out expressions in one place; `bound` holds what `for` and `dynamic` bind."""

    def __init__(self, names: Names, budget: Budget, bound: Mapping[str, Value] | None = None) -> None:
        self.names = names
        self.budget = budget
        self.bound = dict(bound or {})

    def binding(self, bound: Mapping[str, Value]) -> Evaluator:
        """The same place with more names."""
        return Evaluator(self.names, self.budget, {**self.bound, **bound})

    def of(self, node: Node) -> Value:
        """The value of an expression; EvaluationError where Terraform would refuse it."""
        self.budget.spend()
        work = WORK.get(node.data)
        return self.weighed(work(self, node)) if work else Unknown(f"`{node.data}` is not evaluated")

    def weighed(self, value: Value) -> Value:
        """The value, unless it is too large; what holds much takes more steps, as whatever uses it takes longer."""
        size = size_of(value)
        self.budget.spend((size.parts >> 2) + (size.characters >> 8))
        return value if size.fits else TOO_LARGE

    # --- literals, templates and collections ---

    def inner(self, node: Node) -> Value:
        """A term in parentheses or not."""
        return self.of(subtrees(node)[0])

    def literal(self, node: Node) -> Value:
        """true, false, null."""
        return {"true": True, "false": False}.get(str(node.children[0]))

    def numeral(self, node: Node) -> Value:
        """A number."""
        return numeral(str(node.children[0]))

    def string(self, node: Node) -> Value:
        """Quoted text."""
        return rendering.quoted(self, templates.stripped([rendering.piece(one.children[0]) for one in subtrees(node)]))

    def heredoc(self, node: Node) -> Value:
        """A heredoc, with its templates."""
        return rendering.render(self, templates.heredoc(str(node.children[0])))

    def template(self, text: str) -> Value:
        """The value of a template's text."""
        return rendering.render(self, templates.pieces(text))

    def json(self, node: Any) -> Value:
        """A value of the JSON syntax."""
        return self._of_json(node.value)

    def _of_json(self, value: Any) -> Value:
        self.budget.spend()
        if isinstance(value, list):
            return [self._of_json(one) for one in value]
        if isinstance(value, dict):
            return self._keyed([(self._of_json(key), self._of_json(one)) for key, one in value.items()], grouped=False)
        return rendering.quoted(self, templates.pieces(value)) if isinstance(value, str) else value

    def list_of(self, node: Node) -> Value:
        """`[a, b]`"""
        return [self.of(item) for item in subtrees(node)]

    def map_of(self, node: Node) -> Value:
        """`{a = b}`"""
        made: dict[str, Value] = {}
        for element in subtrees(node):
            key_node, value_node = subtrees(element)
            key = self._object_key(key_node)
            if isinstance(key, Unknown):
                return key
            made[key] = self.of(value_node)
        return made

    def _object_key(self, node: Node) -> Value:
        inner = subtrees(node)[0]
        if inner.data == "keyword":
            return identifier(inner)
        parts = subtrees(inner)
        bare = len(inner.children) == 1 and parts and parts[0].data in ("identifier", "literal_value")
        return identifier(parts[0]) if bare else joined([self.of(inner)])

    # --- operators ---

    def conditional(self, node: Node) -> Value:
        """`a ? b : c`; an unknown condition leaves nothing known but what both sides share."""
        condition, yes, no = subtrees(node)
        chosen = self.of(condition)
        if isinstance(chosen, Unknown):
            return self._either(yes, no, chosen)
        return self.of(yes if boolean(chosen) else no)

    def _either(self, yes: Node, no: Node, why: Unknown) -> Value:
        try:
            one, other = self.of(yes), self.of(no)
        except EvaluationError:
            return why
        return one if type(one) is type(other) and one == other and not isinstance(one, Unknown) else why

    def binary(self, node: Node) -> Value:
        """`a + b` and the like; `false &&` and `true ||` decide alone."""
        left, term = subtrees(node)
        sign, right = subtrees(term)
        return binary(str(sign.children[0]).strip(), self.of(left), lambda: self.of(right))

    def unary(self, node: Node) -> Value:
        """`!a` and `-a`"""
        value = self.of(subtrees(node)[0])
        if (missing := undecided(value)) is not None:
            return missing
        return not boolean(value) if str(node.children[0]).strip() == "!" else -number(value)

    # --- names and steps ---

    def name(self, node: Node) -> Value:
        """A name alone."""
        return self._named(identifier(node), [])

    def chain(self, node: Node) -> Value:
        """`a.b[c].d`: what the name means, and the steps from there."""
        steps: list[Step] = []
        while True:
            while node.data == "expr_term" and len(subtrees(node)) == 1:
                node = subtrees(node)[0]
            if node.data not in CHAINS:
                break
            node, step = subtrees(node)
            steps[:0] = self._steps(step)
        if node.data == "identifier":
            return self._named(identifier(node), steps)
        return self.take(self.of(node), steps)

    def _named(self, root: str, steps: list[Step]) -> Value:
        if root in self.bound:
            return self.take(self.bound[root], steps)
        return self.take(*self.names.value(root, steps))

    def _steps(self, node: Node) -> list[Step]:
        if node.data == "get_attr":
            return [Attribute(identifier(subtrees(node)[0]))]
        if node.data == "braces_index":
            return [Item(self.of(subtrees(node)[0]))]
        if node.data == "short_index":
            return [Item(numeral(str(node.children[1])))]
        inner = [step for part in subtrees(node) for step in self._steps(part)]
        if node.data == "attr_splat":  # `.*.a[0]` takes the index of the whole list
            count = next((place for place, step in enumerate(inner) if isinstance(step, Item)), len(inner))
            return [Splat(tuple(inner[:count])), *inner[count:]]
        return [Splat(tuple(inner))]

    def take(self, value: Value, steps: Iterable[Step]) -> Value:
        """The part of a value that `steps` lead to."""
        for step in steps:
            self.budget.spend()
            if isinstance(value, Unknown):
                return value
            if isinstance(step, Splat):
                value = self._splat(value, step)
            elif isinstance(step, Item):
                value = item(value, step.key)
            else:
                value = entry(value, step.name) if isinstance(value, dict) else self.names.attribute(value, step.name)
        return value

    def _splat(self, value: Value, step: Splat) -> Value:
        if value is None:
            return []
        if isinstance(value, dict):
            return Unknown("a splat over a map or object is not evaluated")
        return [self.take(one, step.steps) for one in (value if isinstance(value, list) else [value])]

    # --- functions and comprehensions ---

    def function(self, node: Node) -> Value:
        """A call; `try`, `can`, `file` and `templatefile` need more than the values of their arguments."""
        name_node, *rest = subtrees(node)
        name, nodes = identifier(name_node), subtrees(rest[0]) if rest else []
        if any(part.data == "identifier" for part in rest):
            return Unknown(f"`{name}::` functions of a provider are not evaluated")
        if name in ("try", "can"):
            return self._attempt(name, nodes)
        arguments = [self.of(one) for one in nodes]
        if rest and any(str(token) == "..." for token in rest[0].children):
            *arguments, last = arguments
            if not isinstance(last, list):
                return last if isinstance(last, Unknown) else Unknown("`...` behind what is not a list")
            arguments += last
        if name in ("file", "templatefile"):
            return self._file(name, arguments)
        return functions.call(name, arguments)

    def _attempt(self, name: str, nodes: list[Node]) -> Value:
        for node in nodes:
            try:
                value = self.of(node)
            except EvaluationError:
                continue
            if isinstance(value, Unknown):
                return value
            return value if name == "try" else True
        if name == "can":
            return False
        raise EvaluationError("every argument of `try()` fails")

    def _file(self, name: str, arguments: list[Value]) -> Value:
        path, *variables = arguments
        if (missing := undecided(path)) is not None:
            return missing
        text = self.names.file(path) if isinstance(path, str) else None
        if text is None:
            return Unknown(f"`{name}()` reads `{path}`, which is not in the source")
        if name == "file":
            return text
        given = variables[0] if variables else {}
        if not isinstance(given, dict):
            return given if isinstance(given, Unknown) else Unknown("the variables of `templatefile()` are not a map")
        return Evaluator(NoNames(), self.budget, given).template(text)

    def comprehension(self, node: Node) -> Value:
        """`[for ...]` and `{for ...}`"""
        intro, *results = subtrees(node)
        condition = results.pop() if results[-1].data == "for_cond" else None
        *names, over = subtrees(intro)
        items = entries(self.of(over))
        if isinstance(items, Unknown):
            return items
        found: list[tuple[Value, ...]] = []
        for key, value in items:
            pair = [key, value] if len(names) == 2 else [value]
            one = self.binding(dict(zip(map(identifier, names), pair, strict=True)))
            kept = one.of(subtrees(condition)[0]) if condition is not None else True
            if isinstance(kept, Unknown):
                return kept
            if boolean(kept):
                found.append(tuple(one.of(result) for result in results))
        if len(results) == 1:
            return [value for (value,) in found]
        return self._keyed(found, any(str(token) == "..." for token in node.children))

    def _keyed(self, found: list[tuple[Value, ...]], grouped: bool) -> Value:
        made: dict[str, Value] = {}
        for key, value in found:
            name = joined([key])
            if isinstance(name, Unknown):
                return name
            if grouped:
                made.setdefault(name, []).append(value)
            else:
                made[name] = value
        return made


class NoNames:
    """A template file sees only its variables."""

    def value(self, root: str, steps: list[Step]) -> tuple[Value, list[Step]]:  # noqa: ARG002
        """Nothing has a name here."""
        raise EvaluationError(f"the template has no variable `{root}`")

    def attribute(self, value: Value, name: str) -> Value:  # noqa: ARG002
        """A text has no attributes; a whole resource is not looked into."""
        return Unknown(f"`.{name}` inside a template file is not evaluated")

    def file(self, path: str) -> str | None:  # noqa: ARG002
        """A template reads no other file."""
        return None


CHAINS = frozenset({"get_attr_expr_term", "index_expr_term", "attr_splat_expr_term", "full_splat_expr_term"})

WORK: Mapping[str, Callable[[Evaluator, Node], Value]] = {
    "attr_splat_expr_term": Evaluator.chain,
    "binary_op": Evaluator.binary,
    "conditional": Evaluator.conditional,
    "expr_term": Evaluator.inner,
    "float_lit": Evaluator.numeral,
    "for_object_expr": Evaluator.comprehension,
    "for_tuple_expr": Evaluator.comprehension,
    "full_splat_expr_term": Evaluator.chain,
    "function_call": Evaluator.function,
    "get_attr_expr_term": Evaluator.chain,
    "heredoc_template": Evaluator.heredoc,
    "heredoc_template_trim": Evaluator.heredoc,
    "identifier": Evaluator.name,
    "index_expr_term": Evaluator.chain,
    "int_lit": Evaluator.numeral,
    "json": Evaluator.json,
    "literal_value": Evaluator.literal,
    "object": Evaluator.map_of,
    "string": Evaluator.string,
    "tuple": Evaluator.list_of,
    "unary_op": Evaluator.unary,
}
"""How each rule of the grammar is worked out; one line for each."""
