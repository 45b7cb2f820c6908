"""Templates of HCL: the pieces of heredocs and template files, and the escapes of quoted text."""

from __future__ import annotations

import re
from typing import NamedTuple

from scanner.collect.terraform.evaluation.values import EvaluationError, Unknown
from scanner.collect.terraform.hcl import skip

HEREDOC = re.compile(r"<<(?P<trim>-?)(?P<mark>[\w.-]+)\r?\n(?P<body>.*?)[ \t]*(?P=mark)\r?\n?\Z", re.DOTALL)
ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)
SHORT = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\"}
DIRECTIVES = "a template directive (`%{ }`) is not evaluated"


class Hole(NamedTuple):
    """An interpolation `${...}` by the text inside it."""

    text: str


def unescaped(text: str) -> str:
    """The characters that quoted text stands for."""

    def one(found: re.Match[str]) -> str:
        code = found[1] or found[2]
        if code:
            return chr(int(code, 16)) if int(code, 16) < 0x110000 else found[0]
        return SHORT.get(found[3], found[0])

    return ESCAPE.sub(one, text)


def heredoc(token: str) -> str:
    """The template in a heredoc, `<<-` without its common indent."""
    found = HEREDOC.match(token)
    if found is None:
        raise EvaluationError("a heredoc without its end")
    lines = found["body"].split("\n")
    if found["trim"]:
        indent = min((len(line) - len(line.lstrip(" ")) for line in lines if line.strip()), default=0)
        lines = [line[indent:] if line.strip() else line.lstrip(" ") for line in lines]
    return "\n".join(lines)


def pieces(template: str) -> list[str | Hole] | Unknown:
    """Texts and interpolations of a template; directives and strip markers are not evaluated."""
    found: list[str | Hole] = []
    begin = at = 0
    while (mark := _next(template, at)) >= 0:
        if mark > begin and template[mark - 1] == template[mark]:  # `$${` and `%%{` stand for `${` and `%{`
            found.append(template[begin : mark - 1])
            begin, at = mark, mark + 2
            continue
        end = _closing(template, mark + 2)
        inner = template[mark + 2 : end]
        if template[mark] == "%" or inner.startswith("~") or inner.endswith("~"):
            return Unknown(DIRECTIVES)
        found += [template[begin:mark], Hole(inner)]
        begin = at = end + 1
    found.append(template[begin:])
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
    raise EvaluationError("an interpolation without its end")
