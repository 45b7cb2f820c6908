"""Read a JSON report back, strictly: a report that cannot be trusted is an error, not a guess."""

from __future__ import annotations

import msgspec

from scanner.errors import SourceError
from scanner.model.finding import Report
from scanner.report import wire
from scanner.report.codec import from_wire

_DECODER = msgspec.json.Decoder(wire.ReportOut)


class _Version(msgspec.Struct):
    schema: int


def read_report(text: str | bytes, name: str) -> Report:
    """The report in `text`, a JSON document of schema 1; `name` is the file for messages.

    Raises SourceError that names the file and the place for text that is not JSON, cut short, of another
    schema version or type, and for a fingerprint that does not belong to its finding.
    """
    if text[:6] in ("SQLite", b"SQLite"):
        raise SourceError(f"{name}: a snapshot, not a JSON report; `keyproof check` judges it")
    try:
        version = msgspec.json.decode(text, type=_Version).schema
        if version != wire.SCHEMA:
            raise SourceError(
                f"{name}: report schema {version} cannot be read, this version reads schema {wire.SCHEMA}; "
                "write the report again with this version or update keyproof"
            )
        return from_wire(_DECODER.decode(text))
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise SourceError(f"{name}: not a keyproof JSON report: {_place(error)}") from None
    except ValueError as error:
        raise SourceError(f"{name}: {error}; the report was edited or damaged, write it again") from None


def _place(error: Exception) -> str:
    text = str(error)
    return text if text[:4].isupper() else text[:1].lower() + text[1:]
