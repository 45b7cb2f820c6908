import json

import jsonschema
import pytest
import samples
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from scanner.errors import SourceError
from scanner.model.rule import Severity
from scanner.report import FORMATS, RenderOptions
from scanner.report.codec import to_wire
from scanner.report.jsontext import json_text
from scanner.report.read import read_report
from scanner.report.schema import report_schema

ALL = RenderOptions(all_outcomes=True)
FINDING_KEYS = "rule subject account region outcome severity message evidence controls fix fingerprint status waiver"


def written(report, **options):
    return FORMATS["json"].render(report, RenderOptions(**options))


def test_the_document_has_the_keys_of_schema_1(full):
    document = json.loads(written(full))
    assert list(document)[:8] == ["schema", "complete", "tool", "as_of", "snapshot", "summary", "gaps", "findings"]
    assert document["schema"] == 1
    assert document["complete"] is False
    assert document["as_of"] == "2026-11-22T03:00:00Z"
    assert document["snapshot"]["digest"] == full.digest
    assert list(document["findings"][0])[:13] == FINDING_KEYS.split()


def test_only_failures_unassessed_and_fixed_are_listed_unless_all_are_asked_for(full):
    some, every = json.loads(written(full)), json.loads(written(full, all_outcomes=True))
    assert {(f["outcome"], f["status"] == "fixed") for f in some["findings"]} >= {("FAIL", False), ("PASS", True)}
    assert not [f for f in some["findings"] if f["outcome"] == "NOT_APPLICABLE"]
    assert len(every["findings"]) == len(full.findings)
    assert some["summary"] == every["summary"]
    assert some["listed"] == {"severity": "info", "outcomes": ["FAIL", "NOT_ASSESSED"]}
    assert every["listed"] is None


def test_a_report_in_pieces_is_the_same_text(full):
    for report in (full, replace(full, findings=full.findings[:1]), replace(full, findings=())):
        wire = to_wire(report, ALL)
        pieces = list(FORMATS["json"].pieces(report, ALL))
        assert "".join(pieces) == json_text(wire)
        assert len(pieces) == len(wire.findings) + 2  # no piece holds two findings


def test_a_waived_finding_keeps_its_outcome_and_carries_the_waiver(full):
    waived = [f for f in json.loads(written(full))["findings"] if f["waiver"]]
    assert [f["outcome"] for f in waived] == ["FAIL"]
    assert waived[0]["waiver"]["expires"] == "2027-01-31"


def test_changes_appear_only_where_there_are_any(full):
    assert "changes" in json.loads(written(full))
    assert "changes" not in json.loads(written(replace(full, changes=None)))


def test_reading_back_gives_the_same_report(full):
    again = read_report(written(full, all_outcomes=True), "r.json")
    assert again.findings == full.findings
    assert (again.rules, again.gaps, again.key_pages, again.trend) == (
        full.rules,
        full.gaps,
        full.key_pages,
        full.trend,
    )
    assert (again.source, again.as_of, again.notices, again.changes) == (
        full.source,
        full.as_of,
        full.notices,
        full.changes,
    )


@pytest.mark.parametrize("options", [RenderOptions(), ALL, RenderOptions(severity=Severity.HIGH)])
def test_writing_what_was_read_gives_the_same_bytes(full, options):
    text = FORMATS["json"].render(full, options)
    assert FORMATS["json"].render(read_report(text, "r.json"), ALL if options == ALL else RenderOptions()) == text


def test_counts_survive_a_listing_that_was_cut(full):
    cut = read_report(written(full, severity=Severity.CRITICAL), "r.json")
    assert json.loads(written(cut))["summary"] == json.loads(written(full))["summary"]


@given(st.text(max_size=40))
def test_any_text_survives_writing_and_reading(text):
    name = text.encode("utf-8", "replace").decode()
    report = samples.a_report(samples.a_finding(label=name, message=name, tags={name: name}))
    assert read_report(written(report), "r.json").findings == report.findings


def test_the_published_schema_is_the_one_that_is_written(full, everything, repository):
    schema = json.loads((repository / "docs/report.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(FORMATS["json"].render(full, everything)), schema)


def edited(report, **changes):
    return json.dumps(json.loads(written(report)) | changes)


def test_what_cannot_be_trusted_is_refused_with_file_and_place(full):
    text = written(full)
    finding = json.loads(text)["findings"][0]
    cases = {
        text[: len(text) // 2]: "truncated",
        "": "truncated",
        "[]": "expected `object`",
        edited(full, schema=2): "schema 2 cannot be read",
        edited(full, complete="yes"): "$.complete",
        edited(full, surprise=1): "surprise",
        edited(full, findings=[finding | {"outcome": "MAYBE"}]): "$.findings[0].outcome",
        edited(full, findings=[finding | {"severity": "dire"}]): "$.findings[0].severity",
        edited(full, findings=[finding | {"subject": "another"}]): "does not belong to",
        edited(full, findings=[finding | {"controls": [{"id": "x", "strength": "tests"}]}]): "$.findings[0].controls",
    }
    for document, expected in cases.items():
        with pytest.raises(SourceError) as refused:
            read_report(document, "old/r.json")
        assert str(refused.value).startswith("old/r.json: ")
        assert expected in str(refused.value)
        assert "\n" not in str(refused.value)


def test_bytes_that_are_not_utf8_are_refused():
    with pytest.raises(SourceError, match=r"r\.json: not a keyproof JSON report"):
        read_report(b'{"schema": 1, "complete": "\xff"}', "r.json")


def test_jsonl_holds_the_header_every_gap_and_every_finding(full):
    lines = [json.loads(line) for line in FORMATS["jsonl"].render(full, RenderOptions()).splitlines()]
    document = json.loads(written(full))
    assert lines[0].pop("type") == "report"
    assert lines[0] == {name: value for name, value in document.items() if name not in ("gaps", "findings")}
    assert [line for line in lines[1:] if line["type"] == "gap"] == [{"type": "gap"} | g for g in document["gaps"]]
    assert [line for line in lines[1:] if line["type"] == "finding"] == [
        {"type": "finding"} | f for f in document["findings"]
    ]


def test_the_published_schema_is_up_to_date(repository):
    assert (repository / "docs/report.schema.json").read_text() == report_schema()
