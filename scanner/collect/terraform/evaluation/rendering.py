"""The text that a template comes to: interpolations, `%{ if }` and `%{ for }`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from scanner.collect.terraform.evaluation.operators import boolean, entries
from scanner.collect.terraform.evaluation.parsing import expression, identifier, subtrees
from scanner.collect.terraform.evaluation.templates import Part, unescaped
from scanner.collect.terraform.evaluation.values import EvaluationError, Unknown, Value, joined

if TYPE_CHECKING:
    from lark import Token

    from scanner.collect.terraform.evaluation.expressions import Evaluator
    from scanner.collect.terraform.evaluation.parsing import Node


class _Choice:
    """`%{ if }`: pieces by the side they stand on."""

    def __init__(self, head: Part) -> None:
        self.head = head
        self.sides: list[list[Any]] = [[]]


def piece(inner: Node | Token) -> Part:
    """A piece of quoted text."""
    if isinstance(inner, str):
        marked = inner.type in ("ESCAPED_INTERPOLATION", "ESCAPED_DIRECTIVE")
        return Part("text", inner[1:] if marked else unescaped(str(inner)))
    if inner.data == "interpolation":
        return Part("hole", subtrees(inner)[0])
    signs = [token.type for token in inner.children if isinstance(token, str)]
    before, after = signs[1] == "STRIP_MARKER", signs[-2] == "STRIP_MARKER"
    kind: Any = inner.data.removeprefix("template_").removesuffix("_start")
    nodes = subtrees(inner)
    names = tuple(identifier(name) for name in nodes[:-1])
    return Part(kind, nodes[-1] if nodes else "", names, before, after)


def render(evaluator: Evaluator, parts: list[Part]) -> Value:
    """The text of a template; Unknown where a part of it cannot be told."""
    return joined(list(_rendered(evaluator, _nested(parts))))


def quoted(evaluator: Evaluator, parts: list[Part]) -> Value:
    """The value of quoted text: one interpolation alone is its value, whatever its type."""
    alone = len(parts) == 1 and parts[0].kind == "hole"
    return value(evaluator, parts[0]) if alone else render(evaluator, parts)


def value(evaluator: Evaluator, part: Part) -> Value:
    """The value of an interpolation, a condition or what a loop is over."""
    written: Any = part.value
    return evaluator.of(expression(written) if isinstance(written, str) else written)


def _nested(parts: list[Part]) -> list[Any]:
    """Parts, with each choice and loop around what it holds."""
    around: list[_Choice] = []
    top: list[Any] = []
    for part in parts:
        here = around[-1].sides[-1] if around else top
        if part.kind in ("text", "hole"):
            here.append(part)
        elif part.kind in ("if", "for"):
            around.append(_Choice(part))
            here.append(around[-1])
        elif not around or around[-1].head.kind != PARTNER[part.kind] or len(around[-1].sides) > 2:
            raise EvaluationError(f"`%{{ {part.kind} }}` without its beginning")
        elif part.kind == "else":
            around[-1].sides.append([])
        else:
            around.pop()
    if around:
        raise EvaluationError(f"`%{{ {around[-1].head.kind} }}` without its end")
    return top


PARTNER = {"else": "if", "endif": "if", "endfor": "for"}


def _rendered(evaluator: Evaluator, nested: list[Any]) -> Iterator[Value]:
    for one in nested:
        evaluator.budget.spend()
        if isinstance(one, _Choice):
            work = _choice if one.head.kind == "if" else _loop
            yield from work(evaluator, one)
        else:
            yield one.value if one.kind == "text" else value(evaluator, one)


def _choice(evaluator: Evaluator, one: _Choice) -> Iterator[Value]:
    condition = value(evaluator, one.head)
    yes, no = [*one.sides, []][:2]
    if isinstance(condition, Unknown):
        yield condition
    else:
        yield from _rendered(evaluator, yes if boolean(condition) else no)


def _loop(evaluator: Evaluator, one: _Choice) -> Iterator[Value]:
    items = entries(value(evaluator, one.head))
    if isinstance(items, Unknown):
        yield items
        return
    for key, item in items:
        bound = [key, item] if len(one.head.names) == 2 else [item]
        yield from _rendered(evaluator.binding(dict(zip(one.head.names, bound, strict=True))), one.sides[0])
