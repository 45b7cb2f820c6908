"""The text of one block as syntax trees: its attributes and nested blocks, by python-hcl2's grammar or as JSON."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias, cast

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
    """The body of the block that `text` is (of JSON, its body alone); NotReadable where it is not one."""
    if text.startswith("{"):
        return _json_body(json.loads(text))
    _, _, body = _block(_of_kind(_of_kind(_parsed(text), "body")[0], "block")[0])
    return body


@lru_cache(maxsize=4096)
def expression(text: str) -> Node:
    """The expression that `text` is; NotReadable where it is not one."""
    return _value(_of_kind(_of_kind(_parsed(f"x = (\n{text}\n)\n"), "body")[0], "attribute")[0])


class JsonNode(Struct):
    """A value of the JSON syntax, whose texts are templates."""

    value: Any
    data: str = "json"


def _json_body(stated: dict[str, Any]) -> Body:
    """A body in JSON, which tells blocks from attributes only where a dynamic one is among them."""
    body = Body()
    for name, value in stated.items():
        members = [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]
        if name == "dynamic":
            body.blocks += [(name, (label,), _dynamic(part)) for one in members for label, part in one.items()]
        elif any("dynamic" in one for one in members):
            body.blocks += [(name, (), _json_body(one)) for one in members]
        elif name != "//":
            body.attributes[name] = cast("Node", JsonNode(value))
    return body


def _dynamic(stated: Any) -> Body:
    part = stated[0] if isinstance(stated, list) and len(stated) == 1 else stated
    if not isinstance(part, dict) or not isinstance(part.get("content"), dict):
        return Body()
    heads = {name: cast("Node", JsonNode(part[name])) for name in ("for_each", "iterator") if name in part}
    return Body(heads, [("content", (), _json_body(part["content"]))])


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
    """The name that an identifier, a keyword, a quoted label or a JSON text is."""
    if isinstance(node, JsonNode):
        return str(node.value)
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
