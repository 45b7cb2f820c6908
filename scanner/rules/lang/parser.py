"""Tokens to a syntax tree, by operator precedence, within limits on size and depth."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from scanner.rules.lang.faults import ExpressionError
from scanner.rules.lang.limits import MAX_DEPTH, MAX_NODES
from scanner.rules.lang.syntax import Call, Index, ListLiteral, Literal, Logic, Name, Node, Operator, Select, Ternary
from scanner.rules.lang.tokens import Token, tokenise

BINARY = {
    "||": 1,
    "&&": 2,
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">=", "in"), 3),
    **dict.fromkeys(("+", "-"), 4),
    **dict.fromkeys(("*", "/", "%"), 5),
}
"""Binary operators and how tightly they bind; all associate to the left, as in CEL."""
CONSTANTS = {"true": True, "false": False, "null": None}
INSTEAD = {"and": "use `&&`", "or": "use `||`", "not": "use `!`", "is": "use `==`", "if": "use `test ? yes : no`"}
RESERVED = frozenset((
    "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package",
    "namespace", "return", "var", "void", "while",
))  # fmt: skip
"""Words that CEL keeps for itself."""


def parse(text: str) -> Node:
    """The syntax tree of `text`; ExpressionError with the place of what is wrong."""
    parser = _Parser(tokenise(text))
    node = parser.expression()
    if parser.token.kind != "end":
        raise parser.unexpected("after the expression")
    return node


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.at = 0
        self.depth = 0
        self.nodes = 0

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def take(self) -> Token:
        token = self.tokens[self.at]
        self.at += 1
        return token

    def accept(self, text: str) -> bool:
        if self.token.kind == "op" and self.token.text == text:
            self.at += 1
            return True
        return False

    def expect(self, text: str) -> Token:
        if not (self.token.kind == "op" and self.token.text == text):
            raise self.unexpected(f"where `{text}` belongs")
        return self.take()

    def unexpected(self, where: str) -> ExpressionError:
        token = self.token
        if token.kind == "end":
            return ExpressionError("the expression ends too early", token.start, token.end)
        return ExpressionError(
            f"unexpected `{token.text}` {where}", token.start, token.end, INSTEAD.get(token.text, "")
        )

    def count(self, token: Token) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise ExpressionError(f"more than {MAX_NODES} parts in one expression", token.start, token.end, "use `let`")

    @contextmanager
    def deeper(self) -> Iterator[None]:
        before = self.depth
        self.descend()
        yield
        self.depth = before

    def descend(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            token = self.token
            raise ExpressionError(f"nested deeper than {MAX_DEPTH} levels", token.start, token.end, "use `let`")

    def expression(self) -> Node:
        with self.deeper():
            test = self.binary(1)
            if not self.accept("?"):
                return test
            yes = self.expression()
            self.expect(":")
            no = self.expression()
            self.count(self.token)
            return Ternary(test.start, no.end, test, yes, no)

    def binary(self, least: int) -> Node:
        before = self.depth
        left = self.unary()
        while BINARY.get(self.token.text, 0) >= least and self.token.kind in ("op", "name"):
            self.descend()
            left = self.joined(left, self.take().text)
        self.depth = before
        return left

    def joined(self, left: Node, op: str) -> Node:
        self.count(self.token)
        if op not in ("&&", "||"):
            right = self.binary(BINARY[op] + 1)
            return Operator(left.start, right.end, op, (left, right))
        operands = [left, self.binary(BINARY[op] + 1)]
        while self.accept(op):
            self.count(self.token)
            operands.append(self.binary(BINARY[op] + 1))
        return Logic(left.start, operands[-1].end, op, tuple(operands))

    def unary(self) -> Node:
        token = self.token
        if token.kind == "op" and token.text in ("!", "-"):
            self.take()
            self.count(token)
            if token.text == "-" and self.token.kind in ("int", "double"):
                return self.members(self.number(token))
            with self.deeper():
                operand = self.unary()
            return Operator(token.start, operand.end, token.text, (operand,))
        return self.members(self.primary())

    def number(self, minus: Token | None = None) -> Node:
        token = self.take()
        value = -token.value if minus else token.value
        start = minus.start if minus else token.start
        if token.kind == "int" and not -(2**63) <= value < 2**63:
            raise ExpressionError(f"`{token.text}` does not fit in 64 bits", start, token.end)
        return Literal(start, token.end, value)

    def members(self, base: Node) -> Node:
        before = self.depth
        while True:
            if self.accept("."):
                base = self.member(base)
            elif self.accept("["):
                key = self.expression()
                base = Index(base.start, self.expect("]").end, base, key)
            else:
                self.depth = before
                return base
            self.descend()
            self.count(self.token)

    def member(self, base: Node) -> Node:
        if self.token.kind != "name":
            raise self.unexpected("where a field's name belongs")
        name = self.take()
        if self.accept("("):
            args, end = self.listed(")")
            return Call(base.start, end, name.text, name.start, base, args)
        return Select(base.start, name.end, base, name.text, name.start)

    def primary(self) -> Node:
        token = self.token
        self.count(token)
        if token.kind in ("int", "double"):
            return self.number()
        if token.kind == "string":
            return Literal(token.start, token.end, self.take().value)
        if token.kind == "name":
            return self.named()
        if self.accept("("):
            inner = self.expression()
            self.expect(")")
            return inner
        if self.accept("["):
            items, end = self.listed("]")
            return ListLiteral(token.start, end, items)
        raise self.unexpected("where a value belongs")

    def named(self) -> Node:
        token = self.take()
        if token.text in CONSTANTS:
            return Literal(token.start, token.end, CONSTANTS[token.text])
        if token.text in RESERVED or token.text in INSTEAD or token.text == "in":
            self.at -= 1
            raise self.unexpected("where a value belongs")
        if self.accept("("):
            args, end = self.listed(")")
            return Call(token.start, end, token.text, token.start, None, args)
        return Name(token.start, token.end, token.text)

    def listed(self, close: str) -> tuple[tuple[Node, ...], int]:
        items: list[Node] = []
        while not (self.token.kind == "op" and self.token.text == close):
            items.append(self.expression())
            if not self.accept(","):
                break
        return tuple(items), self.expect(close).end
