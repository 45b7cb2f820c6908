"""The text of one block as syntax trees: its attributes and nested blocks, by python-hcl2's grammar."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct, field

if TYPE_CHECKING:  # an extra: imported where it is used
    from lark import Token, Tree

    Node: TypeAlias = Tree[Token]

LONGEST = 256 << 10
"""Characters of a block that is still parsed."""

INSTALL = "pip install 'keyproof[hcl]'"


class NotReadable(Exception):
    """A block that cannot be parsed; the message says why."""


class Body(Struct):
    """What stands between the braces of a block."""

    attributes: dict[str, Node] = field(default_factory=dict)
    blocks: list[tuple[str, tuple[str, ...], Body]] = field(default_factory=list)
    """Kind, labels and body of each nested block, in order."""


def installed() -> bool:
    """Whether the extra is there."""
    from importlib.util import find_spec

    return find_spec("hcl2") is not None


@lru_cache(maxsize=4096)
def block_body(text: str) -> Body:
    """The body of the block that `text` is; NotReadable where it is not one."""
    _, _, body = _block(_of_kind(_of_kind(_parsed(text), "body")[0], "block")[0])
    return body


@lru_cache(maxsize=4096)
def expression(text: str) -> Node:
    """The expression that `text` is; NotReadable where it is not one."""
    return _value(_of_kind(_of_kind(_parsed(f"x = (\n{text}\n)\n"), "body")[0], "attribute")[0])


def _parsed(text: str) -> Node:
    if len(text) > LONGEST:
        raise NotReadable(f"longer than {LONGEST >> 10} kB")
    import hcl2
    from lark.exceptions import LarkError

    try:
        return hcl2.parses_to_tree(text)
    except (LarkError, LookupError, RecursionError, TypeError, ValueError) as problem:
        line = getattr(problem, "line", None)  # the parser's own messages can fail
        raise NotReadable(f"no HCL at its line {line}" if isinstance(line, int) else "no HCL") from problem


def _body(tree: Node) -> Body:
    body = Body()
    for child in subtrees(tree):
        if child.data == "attribute":
            body.attributes[identifier(child.children[0])] = _value(child)
        elif child.data == "block":
            body.blocks.append(_block(child))
    return body


def _block(tree: Node) -> tuple[str, tuple[str, ...], Body]:
    kind, *labels, inner = subtrees(tree)
    return identifier(kind), tuple(identifier(label) for label in labels), _body(inner)


def _value(attribute: Node) -> Node:
    return subtrees(attribute)[-1]


def identifier(node: Node | Token) -> str:
    """The name that an identifier, a keyword or a quoted label is."""
    return "".join(str(token) for token in _tokens(node) if token.type != "DBLQUOTE")


def _tokens(node: Node | Token) -> list[Token]:
    return [node] if isinstance(node, str) else [token for child in node.children for token in _tokens(child)]


def subtrees(tree: Node) -> list[Node]:
    """The child trees, without tokens, comments and line ends."""
    return [one for one in tree.children if not isinstance(one, str) and one.data != "new_line_or_comment"]


def _of_kind(tree: Node, kind: str) -> list[Node]:
    found = [one for one in subtrees(tree) if one.data == kind]
    if not found:
        raise NotReadable(f"no {kind} in it")
    return found
