import ast
import csv
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
import samples
from markdown_it import MarkdownIt
from msgspec.structs import replace

import scanner.report
from scanner.model.rule import Outcome, Severity
from scanner.report import FORMATS, RenderOptions
from scanner.report.clean import clean, clean_lines, is_clean

ALL = RenderOptions(all_outcomes=True)
FOR_MACHINES = ("sarif", "asff", "ocsf", "gitlab", "oscal")
"""JSON whose strings other systems show to people."""


def test_every_module_that_renders_is_listed():
    folder = Path(scanner.report.__file__).parent
    renders = {
        path.stem
        for path in folder.glob("*.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef) and node.name == "render"
    }
    assert renders == {format.module for format in FORMATS.values()}


@pytest.mark.parametrize("name", FORMATS)
def test_an_empty_report_can_be_written(name):
    assert FORMATS[name].render(samples.a_report(), RenderOptions()) is not None


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_report_gives_the_same_bytes(name, full):
    again = samples.full_report()
    assert FORMATS[name].render(full, ALL) == FORMATS[name].render(again, ALL)


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_knows_every_outcome_severity_and_status(name):
    findings = [
        samples.a_finding(
            samples.a_rule(f"rule-{severity.label}-{outcome.value.lower().replace('_', '-')}", severity=severity),
            outcome=outcome,
            status=status,
        )
        for severity in Severity
        for outcome in Outcome
        for status in (None, "new", "unchanged", "fixed", "regressed")
    ]
    findings = [replace(finding, identity=(str(index),)) for index, finding in enumerate(findings)]
    assert FORMATS[name].render(samples.a_report(*findings), ALL)


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in ("prometheus",)])
def test_a_waived_failure_is_marked_and_does_not_vanish(name):
    text = FORMATS[name].render(samples.a_report(samples.a_finding(waiver=samples.WAIVER)), RenderOptions())
    assert "2027-01-31" in text
    assert "payments-team" in text


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in ("gitlab", "asff", "ocsf")])
def test_an_incomplete_scan_says_so(name):
    complete = FORMATS[name].render(samples.a_report(samples.a_finding()), RenderOptions())
    gaps = FORMATS[name].render(samples.a_report(samples.a_finding(), gaps=(samples.VOLUMES_GAP,)), RenderOptions())
    assert complete != gaps
    assert re.search(r"incomplete|DescribeVolumes|keyproof_complete 0|1 read failed", gaps, re.IGNORECASE)


# --- hostile names -------------------------------------------------------------------------------


def strings_in(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from strings_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings_in(item)


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.seen = []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))


def check_markdown(text):
    tags = Tags()
    tags.feed(MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(text))
    allowed = "h2 p strong blockquote table thead tbody tr th td details summary ul li code pre br"
    assert {tag for tag, _ in tags.seen} <= set(allowed.split())
    assert not [attributes for _, attributes in tags.seen if attributes.keys() - {"style", "open"}]
    assert not re.search(r"(^|[^&;\w])@\w", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    assert "://" not in re.sub(r"(`{3,})\n.*?\n\1", "", text, flags=re.DOTALL)
    bars = [len(re.findall(r"(?<!\\)\|", line)) for line in text.splitlines() if line.startswith("| ")]
    assert set(bars) <= {4, 9}


def check_csv(text):
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    assert {len(row) for row in rows} == {len(rows[0])}
    cells = [cell for row in rows for cell in row]
    assert not [cell for cell in cells if cell.lstrip()[:1] in tuple("=+-@|")]
    assert max(map(len, cells)) < 32_767


def check_github(text):
    *commands, last = text.splitlines()
    assert last.startswith("keyproof: ")
    assert all(re.match(r"::(error|warning|notice) (file=[^:,]*,line=\d+,)?title=[^:,]*::[^:]", c) for c in commands)


def check_json(text):
    for line in (
        [text] if text[0] in "[{" and "\n" in text.strip() and text.startswith(("{\n", "[\n")) else (text.splitlines())
    ):
        for string in strings_in(json.loads(line)):
            assert all(is_clean(char) or char == "\n" for char in string), ascii(string)


CHECKS = {
    "markdown": check_markdown,
    "github-summary": check_markdown,
    "csv": check_csv,
    "github": check_github,
    "junit": ElementTree.fromstring,
    **dict.fromkeys(FOR_MACHINES, check_json),
}


@pytest.mark.parametrize("attack", samples.HOSTILE)
@pytest.mark.parametrize("name", FORMATS)
def test_a_hostile_name_is_only_ever_text(name, attack):
    text = FORMATS[name].render(samples.hostile_report(samples.HOSTILE[attack]), ALL)
    text.encode()
    visible = text.removeprefix("\ufeff") if name == "csv" else text
    assert not {char for char in visible if not is_clean(char)} - {"\n", "\r"}
    assert "##[" not in text
    if name != "github":
        assert not [line for line in text.splitlines() if line.lstrip().startswith("::")]
    CHECKS.get(name, len)(text)


def test_a_name_at_the_start_of_a_terminal_line_is_no_workflow_command():
    report = samples.a_report(samples.a_finding(message="::error::owned " * 20))
    for width in (20, 80):
        lines = FORMATS["terminal"].render(report, RenderOptions(width=width)).splitlines()
        assert not [line for line in lines if line.lstrip().startswith("::")]


def test_cleaning_keeps_what_people_write_and_shows_what_hides():
    assert clean("Zählung 日本 🔑 a\u00a0b") == "Zählung 日本 🔑 a\u00a0b"
    assert clean("a\x1b[31m\u202eb\x00") == r"a\x1b[31m\u202eb\x00"
    assert clean("a\tb\nc") == "a b c"
    assert clean("x" * 10, 4) == "xxx…"
    assert len(clean("\x00" * 10, 8)) == 8
    assert clean_lines("a\r\nb\x07") == "a\nb\\x07"


def test_every_format_is_documented(repository):
    text = (repository / "docs/exports.md").read_text()
    assert [name for name in FORMATS if f"`{name}`" not in text] == []
