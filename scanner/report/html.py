"""One self-contained page for people and auditors: no request to anywhere, nothing in it can run but our script.

Text reaches the page in two ways only: through Jinja2 with autoescape, or as JSON that the script shows by
`textContent`. The content security policy allows the script and the style by their hashes and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from scanner.model.finding import Report
from scanner.report.jsontext import json_text
from scanner.report.options import RenderOptions
from scanner.report.pagedata import island, page

ASSETS = Path(__file__).parent / "page"
SCRIPTS = ("data.js", "findings.js", "keys.js", "neighbourhood.js", "requirements.js", "pages.js")
POLICY = (
    "default-src 'none'; script-src '{script}'; style-src '{style}'; img-src data:; base-uri 'none'; form-action 'none'"
)


def render(report: Report, options: RenderOptions) -> str:
    """The whole report as HTML, with every verdict that `options.severity` lets through."""
    script, style = _script(), _asset("report.css")
    policy = POLICY.format(script=_digest(script), style=_digest(style))
    text: str = (
        _environment()
        .get_template("report.html.j2")
        .render(
            **page(report, options),
            policy=policy,
            script=Markup(script),  # noqa: S704  (our own file)
            style=Markup(style),  # noqa: S704  (our own file)
            data=_inert_json(island(report, options)),
        )
    )
    return text


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(ASSETS),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


@cache
def _asset(name: str) -> str:
    return (ASSETS / name).read_text(encoding="utf-8")


@cache
def _script() -> str:
    return "".join(_asset(name) for name in SCRIPTS)


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _inert_json(value: Any) -> Markup:
    """JSON inside a `script` element: no character in it can end the element or begin markup."""
    escaped = re.sub("[<>&]", lambda match: f"\\u{ord(match.group()):04x}", json_text(value, indent=0))
    return Markup(escaped)  # noqa: S704  (every character that HTML knows is escaped)
