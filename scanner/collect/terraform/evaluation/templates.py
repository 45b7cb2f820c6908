"""Templates of HCL: the pieces of heredocs and template files, and the escapes of quoted text."""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

from scanner.collect.terraform.evaluation.values import EvaluationError
from scanner.collect.terraform.hcl import skip

HEREDOC = re.compile(r"<<(?P<trim>-?)(?P<mark>[\w.-]+)\r?\n(?P<body>.*?)[ \t]*(?P=mark)\r?\n?\Z", re.DOTALL)
ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)
SHORT = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\"}
IF = re.compile(r"if\b(.+)\Z", re.DOTALL)
FOR = re.compile(r"for\s+([\w-]+)(?:\s*,\s*([\w-]+))?\s+in\b(.+)\Z", re.DOTALL)
LINE = re.compile(r"[^\n]*\n|[^\n]+")


class Part(Struct, frozen=True):
    """One piece of a template; `value` is its text, or the expression of a hole, condition or loop as text or tree."""

    kind: Literal["text", "hole", "if", "else", "endif", "for", "endfor"]
    value: object = ""
    names: tuple[str, ...] = ()
    """What a loop binds: the value, or the key and the value."""
    before: bool = False
    after: bool = False
    """Whether `~` strips the white space on that side."""


def unescaped(text: str) -> str:
    """The characters that quoted text stands for."""

    def one(found: re.Match[str]) -> str:
        code = found[1] or found[2]
        if code:
            return chr(int(code, 16)) if int(code, 16) < 0x110000 else found[0]
        return SHORT.get(found[3], found[0])

    return ESCAPE.sub(one, text)


def heredoc(token: str) -> list[Part]:
    """The pieces of a heredoc, `<<-` without its common indent."""
    found = HEREDOC.match(token)
    if found is None:
        raise EvaluationError("a heredoc without its end")
    parts = pieces(found["body"])
    return _flushed(parts) if found["trim"] else parts


def _flushed(parts: list[Part]) -> list[Part]:
    """The pieces without the indent that all lines share; a line whose beginning was stripped counts with the last."""
    texts = [str(part.value) if part.kind == "text" else "" for part in parts]
    starts = [place for place, before in enumerate(["\n", *texts[:-1]]) if before.endswith("\n")]
    lines = [place for place in starts if texts[place].strip() or not texts[place].endswith("\n")]
    indent = min((len(texts[place]) - len(texts[place].lstrip()) for place in lines), default=0)
    cut = {place for place in lines if parts[place].kind == "text"}
    return [Part("text", texts[place][indent:]) if place in cut else part for place, part in enumerate(parts)]


def pieces(template: str) -> list[Part]:
    """The pieces of a template's text."""
    found: list[Part] = []
    begin = at = 0
    while (mark := _next(template, at)) >= 0:
        if mark > begin and template[mark - 1] == template[mark]:  # `$${` and `%%{` stand for `${` and `%{`
            found += _lines(template[begin : mark - 1])
            begin, at = mark, mark + 2
            continue
        end = _closing(template, mark + 2)
        found += [*_lines(template[begin:mark]), _marked(template[mark], template[mark + 2 : end])]
        begin = at = end + 1
    return stripped([*found, *_lines(template[begin:])])


def _lines(text: str) -> list[Part]:
    return [Part("text", line) for line in LINE.findall(text)]


def _marked(sign: str, inner: str) -> Part:
    """What stands between `${` or `%{` and its closing brace."""
    before, after = inner.startswith("~"), inner.endswith("~")
    text = inner[before : len(inner) - after].strip()
    if sign == "$":
        return Part("hole", text, before=before, after=after)
    if text in ("else", "endif", "endfor"):
        return Part(text, before=before, after=after)  # type: ignore[arg-type]
    if found := IF.match(text):
        return Part("if", found[1], before=before, after=after)
    if found := FOR.match(text):
        names = tuple(name for name in (found[1], found[2]) if name)
        return Part("for", found[3], names, before, after)
    raise EvaluationError(f"`%{{ {text[:20]} }}` is no template directive")


def stripped(parts: list[Part]) -> list[Part]:
    """The pieces after strip markers: each takes the white space beside it, on one line."""
    found = list(parts)
    for place, part in enumerate(parts):
        for marked, beside, strip in ((part.before, place - 1, str.rstrip), (part.after, place + 1, str.lstrip)):
            if marked and 0 <= beside < len(parts) and parts[beside].kind == "text":
                found[beside] = Part("text", strip(str(found[beside].value)))
    return found


def _next(template: str, at: int) -> int:
    places = [place for place in (template.find("${", at), template.find("%{", at)) if place >= 0]
    return min(places, default=-1)


def _closing(template: str, at: int) -> int:
    """Where the brace that closes an interpolation stands."""
    depth = 0
    while at < len(template):
        after = skip(template, at)
        if after > at:
            at = after
            continue
        if template[at] == "}":
            if depth == 0:
                return at
            depth -= 1
        depth += template[at] == "{"
        at += 1
    raise EvaluationError("a template without its end")
