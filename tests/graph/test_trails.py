"""Which KMS events a trail records, from its selectors."""

import pytest

from scanner.graph.trails import kms_events, records_management
from scanner.model.records import AdvancedSelector, EventSelector, FieldSelector


def basic(read_write="All", management=True, *excluded):
    return (EventSelector(read_write=read_write, management=management, excluded_sources=excluded),), ()


def advanced(*fields):
    return (), (AdvancedSelector(fields=tuple(FieldSelector(**field) for field in fields)),)


MANAGEMENT = {"field": "eventCategory", "equals": ("Management",)}
DATA = {"field": "eventCategory", "equals": ("Data",)}

CASES = [
    ("a trail without selectors records everything", ((), ()), "ALL"),
    ("default selector", basic(), "ALL"),
    ("kms excluded", basic("All", True, "kms.amazonaws.com"), "NONE"),
    ("another source excluded", basic("All", True, "rdsdata.amazonaws.com"), "ALL"),
    ("write only: Decrypt is a read event", basic("WriteOnly"), "WRITE_ONLY"),
    ("read only", basic("ReadOnly"), "READ_ONLY"),
    ("no management events", basic("All", False), "NONE"),
    ("advanced, all management events", advanced(MANAGEMENT), "ALL"),
    (
        "advanced, kms left out",
        advanced(MANAGEMENT, {"field": "eventSource", "not_equals": ("kms.amazonaws.com",)}),
        "NONE",
    ),
    (
        "advanced, rdsdata left out",
        advanced(MANAGEMENT, {"field": "eventSource", "not_equals": ("rdsdata.amazonaws.com",)}),
        "ALL",
    ),
    ("advanced, read events only", advanced(MANAGEMENT, {"field": "readOnly", "equals": ("true",)}), "READ_ONLY"),
    (
        "advanced, one caller left out",
        advanced(MANAGEMENT, {"field": "userIdentity.arn", "not_starts_with": ("arn:x",)}),
        "SOME",
    ),
    ("advanced, data events only", advanced(DATA), "NONE"),
]


@pytest.mark.parametrize(("selectors", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_selectors(selectors, expected):
    assert kms_events(*selectors) == expected


def test_two_selectors_together_record_all():
    read, write = basic("ReadOnly")[0], basic("WriteOnly")[0]
    assert kms_events((*read, *write), ()) == "ALL"


def test_a_data_trail_is_not_one_for_management_events():
    assert not records_management(*advanced(DATA))
    assert not records_management(*basic("All", False))
    assert records_management(*basic())
