"""A syntax tree to typed terms: every name, field, function, enumeration value and possible null is settled here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct, field, structs
from msgspec.structs import replace

from scanner.model.facttypes import FactType, fields_of
from scanner.rules.lang import calls, syntax
from scanner.rules.lang.faults import ExpressionError, suggest
from scanner.rules.lang.functions import LOOPS
from scanner.rules.lang.limits import MAX_LOOPS
from scanner.rules.lang.narrowing import NOTHING, Facts, Proofs, has_entry, present, proves
from scanner.rules.lang.parser import parse
from scanner.rules.lang.signature import same_type
from scanner.rules.lang.terms import BOOL, NULL, Const, Field, If, Items, Junction, Loop, Term, Var, path_of

LITERALS = {bool: "bool", int: "int", float: "double", str: "string", type(None): "null"}


class Scope(Struct, frozen=True):
    """The names that an expression may use."""

    variables: Mapping[str, FactType]
    params: Mapping[str, tuple[FactType, Any]] = field(default_factory=dict)
    proofs: Proofs = field(default_factory=dict)

    def with_variable(self, name: str, type: FactType) -> Scope:
        """This scope and one more variable."""
        return replace(self, variables={**self.variables, name: type})


def check(text: str, scope: Scope, facts: Facts = NOTHING, expected: FactType | None = None) -> Term:
    """The typed term of `text`, given that `facts` hold; ExpressionError for anything that could go wrong later."""
    term = _Checker().term(parse(text), scope, facts)
    if expected is not None:
        require_type(term, expected)
    return term


def require_type(term: Term, expected: FactType) -> None:
    """ExpressionError unless `term` certainly has this type."""
    if not same_type(term.type, expected):
        plain = expected == BOOL and term.type.name not in ("list", "map", "object")
        help = f"compare it: `{path_of(term)} == ...`" if plain else ""
        raise ExpressionError(f"this is {term.type}, not {expected}", term.start, term.end, help)
    refuse_null(term, "be used here")


def refuse_null(term: Term, use: str) -> None:
    """ExpressionError when `term` may be null."""
    if term.type.name == "null":
        raise ExpressionError(f"null cannot {use}", term.start, term.end, "compare with `== null` or `!= null`")
    if term.type.nullable:
        guard = f"guard it: `{path_of(term)} != null && ...`"
        help = "compare it: `== true` or `== false`" if term.type.name == "bool" else guard
        raise ExpressionError(f"this may be null, so it cannot {use}", term.start, term.end, help)


class _Checker:
    def __init__(self) -> None:
        self.loops = 0

    def term(self, node: syntax.Node, scope: Scope, facts: Facts) -> Term:
        term = HANDLERS[type(node)](self, node, scope, facts)
        if term.type.nullable and present(term) in facts:
            return structs.replace(term, type=replace(term.type, nullable=False))
        return term

    def literal(self, node: syntax.Literal, _scope: Scope, _facts: Facts) -> Term:
        name = LITERALS[type(node.value)]
        return Const(NULL if name == "null" else FactType(name), node.start, node.end, node.value)

    def name(self, node: syntax.Name, scope: Scope, _facts: Facts) -> Term:
        if node.name in scope.variables:
            return Var(scope.variables[node.name], node.start, node.end, node.name)
        if node.name == "params":
            raise ExpressionError("name one parameter: `params.x`", node.start, node.end)
        help = suggest(node.name, (*scope.variables, *(("params",) if scope.params else ())))
        raise ExpressionError(f"unknown name `{node.name}`", node.start, node.end, help)

    def select(self, node: syntax.Select, scope: Scope, facts: Facts) -> Term:
        if isinstance(node.base, syntax.Name) and node.base.name == "params" and "params" not in scope.variables:
            return self.param(node, scope)
        base = self.term(node.base, scope, facts)
        if base.type.view is None:
            help = f'write `["{node.field}"]`' if base.type.name == "map" else ""
            raise ExpressionError(f"{base.type} has no fields", node.field_start, node.end, help)
        fact = fields_of(base.type.view).get(node.field)
        if fact is None:
            help = suggest(node.field, fields_of(base.type.view))
            name = base.type.view.type_name()
            raise ExpressionError(f"{name} has no field `{node.field}`", node.field_start, node.end, help)
        if base.type.nullable:
            raise self.unguarded(node)
        return Field(fact.type, node.start, node.end, base, node.field)

    def unguarded(self, node: syntax.Select) -> ExpressionError:
        path = written(node.base)
        return ExpressionError(
            f"`{path}` may be null, so `.{node.field}` can fail",
            node.field_start,
            node.end,
            f"guard it: `{path} != null && ...`",
        )

    def param(self, node: syntax.Select, scope: Scope) -> Term:
        if node.field not in scope.params:
            help = suggest(node.field, scope.params)
            raise ExpressionError(f"no parameter `{node.field}`", node.field_start, node.end, help)
        type, value = scope.params[node.field]
        return Const(type, node.start, node.end, value)

    def index(self, node: syntax.Index, scope: Scope, facts: Facts) -> Term:
        base, key = self.term(node.base, scope, facts), self.term(node.key, scope, facts)
        refuse_null(base, "be looked into")
        if base.type.name != "map":
            raise ExpressionError(
                f"{base.type} cannot be indexed", node.key.start, node.key.end, "use `exists`, `all`, `filter` or `map`"
            )
        term = calls.operator("[]", (base, key), node)
        if has_entry(base, key) not in facts:
            guard = f"{written(node.key)} in {written(node.base)}"
            raise ExpressionError(
                "this entry may be missing", node.key.start, node.key.end, f"guard it: `{guard} && ...`"
            )
        return term

    def operator(self, node: syntax.Operator, scope: Scope, facts: Facts) -> Term:
        return calls.operator(node.op, tuple(self.term(operand, scope, facts) for operand in node.operands), node)

    def logic(self, node: syntax.Logic, scope: Scope, facts: Facts) -> Term:
        conjunction = node.op == "&&"
        terms: list[Term] = []
        for operand in node.operands:
            term = self.condition(operand, scope, facts)
            terms.append(term)
            facts |= proves(term, conjunction, scope.proofs)
        return Junction(BOOL, node.start, node.end, conjunction, tuple(terms))

    def condition(self, node: syntax.Node, scope: Scope, facts: Facts) -> Term:
        term = self.term(node, scope, facts)
        require_type(term, BOOL)
        return term

    def ternary(self, node: syntax.Ternary, scope: Scope, facts: Facts) -> Term:
        test = self.condition(node.test, scope, facts)
        yes = self.term(node.yes, scope, facts | proves(test, True, scope.proofs))
        no = self.term(node.no, scope, facts | proves(test, False, scope.proofs))
        return If(calls.common_type((yes, no)), node.start, node.end, test, yes, no)

    def items(self, node: syntax.ListLiteral, scope: Scope, facts: Facts) -> Term:
        terms = tuple(self.term(item, scope, facts) for item in node.items)
        type = FactType("list", calls.common_type(terms) if terms else NULL)
        if all(isinstance(term, Const) for term in terms):
            return Const(type, node.start, node.end, tuple(term.value for term in terms if isinstance(term, Const)))
        return Items(type, node.start, node.end, terms)

    def call(self, node: syntax.Call, scope: Scope, facts: Facts) -> Term:
        if node.target is not None and node.name in LOOPS:
            return self.loop(node, node.target, scope, facts)
        if node.name == "has" and node.target is None:
            return calls.has(node, [self.term(argument, scope, facts) for argument in node.args])
        calls.refuse_unknown(node)
        target = () if node.target is None else (self.term(node.target, scope, facts),)
        args = tuple(self.term(argument, scope, facts) for argument in node.args)
        return calls.call(node, target, args)

    def loop(self, node: syntax.Call, target: syntax.Node, scope: Scope, facts: Facts) -> Term:
        source = self.term(target, scope, facts)
        refuse_null(source, "be gone through")
        if source.type.name != "list" or source.type.item is None:
            raise ExpressionError(f"`{node.name}` needs a list, not {source.type}", node.name_start, node.end)
        variable = loop_variable(node, scope)
        self.loops += 1
        if self.loops > MAX_LOOPS:
            raise ExpressionError(f"more than {MAX_LOOPS} loops inside one another", node.name_start, node.end)
        body = self.term(node.args[1], scope.with_variable(variable, source.type.item), facts)
        self.loops -= 1
        if node.name == "map":
            return Loop(FactType("list", body.type), node.start, node.end, "map", source, variable, body)
        require_type(body, BOOL)
        type = source.type if node.name == "filter" else BOOL
        return Loop(type, node.start, node.end, node.name, source, variable, body)


def loop_variable(node: syntax.Call, scope: Scope) -> str:
    """The variable that a loop declares; ExpressionError when it is none or taken."""
    if len(node.args) != 2 or not isinstance(node.args[0], syntax.Name):
        usage = f"write `{node.name}(x, ...)`"
        raise ExpressionError(f"`{node.name}` takes a variable and an expression", node.name_start, node.end, usage)
    variable = node.args[0]
    if variable.name in scope.variables or variable.name == "params":
        raise ExpressionError(
            f"`{variable.name}` is already in use", variable.start, variable.end, "choose another name"
        )
    return variable.name


def written(node: syntax.Node) -> str:
    """A path as its author wrote it; `...` for anything longer."""
    match node:
        case syntax.Name(name=name):
            return name
        case syntax.Select(base=base, field=name):
            return f"{written(base)}.{name}"
        case syntax.Literal(value=str() as value):
            return f'"{value}"'
    return "..."


HANDLERS: dict[type[syntax.Node], Callable[[_Checker, Any, Scope, Facts], Term]] = {
    syntax.Literal: _Checker.literal,
    syntax.Name: _Checker.name,
    syntax.Select: _Checker.select,
    syntax.Index: _Checker.index,
    syntax.Operator: _Checker.operator,
    syntax.Logic: _Checker.logic,
    syntax.Ternary: _Checker.ternary,
    syntax.ListLiteral: _Checker.items,
    syntax.Call: _Checker.call,
}
