"""Small facts about the language that a reader may rely on: what unknown facts leave open, and what runs at all."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.model.rule import Outcome
from scanner.model.unknown import Partial, Unknown
from scanner.rules.lang import codegen, kleene
from scanner.rules.lang.checker import check
from scanner.rules.lang.codegen import Writer, compiled
from scanner.rules.lang.faults import Fault
from scanner.rules.lang.functions import EVERY
from scanner.rules.lang.regex import searcher
from scanner.rules.lang.signature import signature_of
from scanner.rules.lang.template import shown
from scanner.rules.lang.template_parser import template
from scanner.rules.program import RULE_ERROR, Check, Decision, Program
from tests.rules.things import SCOPE, Item, Thing

AS_OF = datetime(2026, 1, 1, tzinfo=UTC)
U = Unknown("t:Read AccessDenied in 1/eu")


def decide(text: str, **facts: object) -> Decision:
    program = Program("t", None, {}, (Check(check(text, SCOPE), None),))
    return program.decide(Thing(**facts), AS_OF)


def item(id: str, **facts: object) -> Item:
    return Item(id=id, **facts)


OUTCOMES = [
    ("t.n == 1", {"n": U}, Outcome.NOT_ASSESSED),
    ("t.n == t.n", {"n": U}, Outcome.NOT_ASSESSED),
    ("t.n == 1 || true", {"n": U}, Outcome.PASS),
    ("t.n == 1 && false", {"n": U}, Outcome.FAIL),
    ("false && t.n == 1", {"n": U}, Outcome.FAIL),
    ("t.best == null", {"best": U}, Outcome.NOT_ASSESSED),
    ("t.best != null && t.best.on", {"best": None}, Outcome.FAIL),
    ("t.on", {"on": U}, Outcome.NOT_ASSESSED),
    ("1 in t.nums", {"nums": Partial((1,), "r")}, Outcome.PASS),
    ("2 in t.nums", {"nums": Partial((1,), "r")}, Outcome.NOT_ASSESSED),
    ("t.nums.exists(x, x == 1)", {"nums": Partial((1,), "r")}, Outcome.PASS),
    ("t.nums.all(x, x == 1)", {"nums": Partial((2,), "r")}, Outcome.FAIL),
    ("t.nums.all(x, x == 1)", {"nums": Partial((1,), "r")}, Outcome.NOT_ASSESSED),
    ("t.nums.all(x, x == 1)", {"nums": U}, Outcome.NOT_ASSESSED),
    ("t.nums.size() == 0", {"nums": Partial((1,), "r")}, Outcome.FAIL),
    ("t.nums.size() >= 1", {"nums": Partial((1,), "r")}, Outcome.PASS),
    ("t.nums.size() >= 2", {"nums": Partial((1,), "r")}, Outcome.NOT_ASSESSED),
    ("2 > t.nums.size()", {"nums": Partial((1, 2), "r")}, Outcome.FAIL),
    ("plural(t.nums.size(), 'a', 'b') == '2 b'", {"nums": (1, 2)}, Outcome.PASS),
    ("plural(t.nums.size(), 'a', 'b') == '1 a'", {"nums": Partial((1, 2), "r")}, Outcome.NOT_ASSESSED),
    ("t.nums.filter(x, x > 0).size() == 0", {"nums": Partial((1,), "r")}, Outcome.FAIL),
    ("t.nums.map(x, x * 2).distinct().size() == 1", {"nums": Partial((1, 2), "r")}, Outcome.FAIL),
    ("t.nums.exists_one(x, x == 1)", {"nums": Partial((1, 1), "r")}, Outcome.FAIL),
    ("t.nums.exists_one(x, x == 1)", {"nums": Partial((1,), "r")}, Outcome.NOT_ASSESSED),
    ("t.nums.intersects([1])", {"nums": Partial((1,), "r")}, Outcome.PASS),
    ("[].intersects(t.nums)", {"nums": U}, Outcome.FAIL),
    ("t.nums.containsAll([])", {"nums": U}, Outcome.PASS),
    ("[1].containsAll(t.nums)", {"nums": Partial((2,), "r")}, Outcome.FAIL),
    ("(t.nums + [3]).exists(x, x == 3)", {"nums": U}, Outcome.PASS),
    ("t.name in ['a', t.name]", {"name": U}, Outcome.NOT_ASSESSED),
    ("t.name in []", {"name": U}, Outcome.FAIL),
    ("t.tags.size() == 0", {"tags": U}, Outcome.NOT_ASSESSED),
    ("t.items.map(i, i.n).size() == 1", {"items": (item("a", n=U),)}, Outcome.NOT_ASSESSED),
    ("t.items.filter(i, i.on).size() == 0", {"items": (item("a", on=U),)}, Outcome.NOT_ASSESSED),
    ("t.items.filter(i, i.on).size() == 0", {"items": (item("a", on=U), item("b", on=True))}, Outcome.FAIL),
    ("t.nums.size() == 1", {"nums": Partial((1,), "r")}, Outcome.NOT_ASSESSED),
    ("t.nums.size() > 1", {"nums": Partial((1,), "r")}, Outcome.NOT_ASSESSED),
    ("t.nums.size() <= 1", {"nums": Partial((1,), "r")}, Outcome.NOT_ASSESSED),
    ("t.nums.size() < 1", {"nums": Partial((1,), "r")}, Outcome.FAIL),
    ("t.nums == [1]", {"nums": Partial((1,), "r")}, Outcome.NOT_ASSESSED),
    ("t.nums != [1]", {"nums": Partial((1,), "r")}, Outcome.NOT_ASSESSED),
    ("(t.nums + [3]).all(x, x == 3)", {"nums": U}, Outcome.NOT_ASSESSED),
    ("(t.nums + [3]).size() == 2", {"nums": Partial((1,), "r")}, Outcome.NOT_ASSESSED),
    ("t.items.exists(i, i.on)", {"items": (item("a", on=U), item("b", on=True))}, Outcome.PASS),
    ("t.items.map(i, i.n) == t.items.map(i, i.n)", {"items": (item("a", n=U),)}, Outcome.NOT_ASSESSED),
]  # fmt: skip


@pytest.mark.parametrize(("text", "facts", "outcome"), OUTCOMES, ids=[f"{row[0]} {row[2]}" for row in OUTCOMES])
def test_only_what_was_read_decides(text: str, facts: dict[str, object], outcome: Outcome) -> None:
    assert decide(text, **facts).outcome is outcome


def test_two_facts_that_share_one_reason_are_not_equal() -> None:
    assert decide("t.name in ['a', t.near]", name=U, near=U).outcome is Outcome.NOT_ASSESSED
    assert decide("t.items.map(i, i.n) == t.items.map(i, i.n)", items=(item("a", n=U),)).reasons == (U.reason,)


def test_every_reason_is_named_once() -> None:
    decision = decide("t.n == 1 && t.on && t.n == 2", n=Unknown("first"), on=Unknown("second"))
    assert decision.reasons == ("first", "second")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("9223372036854775807 + t.n > 0", "int overflow"),
        ("-9223372036854775807 - 2 < t.n", "int overflow"),
        ("1 / (t.n - 1) == 1", "division by zero"),
        ("1 % (t.n - 1) == 1", "division by zero"),
    ],
)
def test_a_fault_is_not_an_answer(text: str, words: str) -> None:
    decision = decide(text, n=1)
    assert (decision.outcome, decision.faulty) == (Outcome.NOT_ASSESSED, True)
    assert decision.reasons == (f"{RULE_ERROR}: {words}",)
    assert decide(f"{text} || true", n=1).outcome is Outcome.PASS


def test_a_rule_that_looks_at_too_much_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codegen, "MAX_STEPS", 50_000)
    monkeypatch.setattr(kleene, "MAX_SLOW_STEPS", 5_000)
    nested = "t.nums.all(a, t.nums.all(b, t.nums.all(c, a + b + c >= 0)))"
    decision = decide(nested, nums=tuple(range(60)))
    assert decision.faulty
    assert "steps" in decision.reasons[0]
    assert decide(nested, nums=Partial(tuple(range(60)), "r")).faulty


def test_lists_cannot_be_doubled_for_ever() -> None:
    lets = {f"l{n}": check(f"l{n - 1} + l{n - 1}", SCOPE.with_variable(f"l{n - 1}", SCOPE_NUMS)) for n in range(1, 40)}
    lets = {"l0": check("t.nums", SCOPE), **lets}
    last = check("l39.size() > 0", SCOPE.with_variable("l39", SCOPE_NUMS))
    program = Program("t", None, lets, (Check(last, None),))
    assert program.decide(Thing(nums=(1, 2, 3)), AS_OF).faulty
    assert program.decide(Thing(nums=Partial((1, 2, 3), "r")), AS_OF).outcome is Outcome.NOT_ASSESSED


SCOPE_NUMS = check("t.nums", SCOPE).type


def test_a_let_inside_a_loop_keeps_its_own_variables() -> None:
    many = check("[7, 8].filter(x, x > 1)", SCOPE)
    body = check("t.nums.all(x, many.size() == 2 && x < 3)", SCOPE.with_variable("many", many.type))
    program = Program("t", None, {"many": many}, (Check(body, None),))
    assert program.decide_slowly(Thing(nums=(2, 1)), AS_OF).outcome is Outcome.PASS
    assert program.decide(Thing(nums=(2, 1)), AS_OF).outcome is Outcome.PASS


def test_looking_into_a_list_within_a_loop_is_not_quadratic() -> None:
    numbers = tuple(range(10_000))
    text = "t.nums.all(x, x in t.nums)"
    assert decide(text, nums=numbers).outcome is Outcome.PASS
    assert decide(text, nums=Partial(numbers, "r")).reasons == ("r",)


def test_compiled_code_has_no_builtins() -> None:
    assert compiled(Writer({"t": "s"}), ("s",), ["return s"]).function().__globals__["__builtins__"] == {}


def test_every_function_is_documented_and_its_signature_can_be_read() -> None:
    for function in EVERY:
        assert function.doc.endswith(".")
        assert signature_of(function.types).result.name


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("b$", "ab\n", False),
        ("^a", "ba", False),
        ("^[a-z]+-[0-9]{1,3}$", "key-12", True),
        (r"\d", "٣", False),
        ("[^:]*:[^:]*:x", "a:b:x", True),
        ("(?i)PCI", "my-pci-key", True),
        ("a|b|", "", True),
    ],
)
def test_regular_expressions_are_re2s(pattern: str, text: str, found: bool) -> None:
    assert searcher(pattern)(text) is found


def test_a_text_too_long_to_search_is_a_fault() -> None:
    with pytest.raises(Fault, match="4096"):
        searcher("a")("b" * 5000)


REPEATS = st.lists(
    st.sampled_from(["a", "b", "[ab]", "a*", "b+", ".*", "a?", "(a|b)", "(ab)*", "a{1,5}", "[^a]*"]), max_size=8
)


@given(REPEATS, st.sampled_from(["a", "ab", "aab", "b"]))
def test_an_accepted_pattern_is_quick_on_the_worst_text(parts: list[str], unit: str) -> None:
    try:
        search = searcher("".join(parts) + "c")
    except ValueError:
        return
    assert search(unit * 60) is False


MESSAGES = [
    ("{t.n} of {t.nums.size()}", {"n": 3, "nums": (1, 2)}, "3 of 2"),
    ("{t.n}", {"n": U}, "unknown"),
    ("{{x}} {t.nums}", {"nums": tuple(range(8))}, "{x} 0, 1, 2, 3, 4 and 3 more"),
    ("{t.nums.size()}", {"nums": Partial((1,), "r")}, "at least 1"),
    ("{plural(t.n, 'key is', 'keys are')} gone", {"n": 1}, "1 key is gone"),
    ("{plural(t.n, 'key is', 'keys are')} gone", {"n": 2000}, "2,000 keys are gone"),
    ("{plural(t.nums.size(), 'key', 'keys')}", {"nums": Partial((1,), "r")}, "at least 1 key"),
    ("{plural(t.nums.size(), 'key', t.name)}", {"nums": Partial((1,), "r"), "name": U}, "unknown"),
    ("{t.names}", {"names": Partial(("a",), "r")}, "a and perhaps others"),
    ("{t.names.join('; ')}", {"names": Partial(("a", "b"), "r")}, "a; b and perhaps others"),
    ("{t.names.join('; ')}", {"names": Partial((), "r")}, "unknown"),
    ("{t.near} {t.on}", {"near": None, "on": True}, "none true"),
    ("{'}'.size()} {t.best}", {"best": item("x", name="part")}, "1 part"),
    ("{as_of}, {as_of - timestamp('2025-01-01T00:00:00Z')}", {}, "2026-01-01, 365 days"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "facts", "message"), MESSAGES)
def test_messages_say_what_is_known(text: str, facts: dict[str, object], message: str) -> None:
    written = template(text, SCOPE, frozenset())
    values = Program("t", None, {}, ()).values(written.terms, Thing(**facts), AS_OF)
    assert written.render(values) == message


def test_an_object_without_known_name_is_shown_as_unknown() -> None:
    assert shown(Item(id=U, name=U)) == "unknown"
