"""The class engine answers like the plain one, pair by pair."""

from __future__ import annotations

from authz.estates import estates
from hypothesis import given, settings

from scanner.authz.estate import AccessEstate
from scanner.authz.relation import alone
from scanner.model.snapshot import Snapshot


@settings(max_examples=25)
@given(estates())
def test_classes_and_pairs_reach_the_same(snapshot: Snapshot) -> None:
    estate = AccessEstate.of(snapshot)
    for key in estate.keys.values():
        by_class = {
            (s.caller.text, h.may, h.pair.outcome.must) for h in estate.relation.holdings(key) for s in h.members
        }
        everybody = {*estate.subjects.all(), *estate.relation.special(key).values()}
        by_pair = {(s.caller.text, h.may, h.pair.outcome.must) for s in everybody if (h := alone(s, key)).may}
        assert by_class == by_pair


@settings(max_examples=25)
@given(estates())
def test_classes_and_pairs_explain_the_same(snapshot: Snapshot) -> None:
    estate = AccessEstate.of(snapshot)
    for key in estate.keys.values():
        for holding in estate.relation.holdings(key):
            for subject in holding.members:
                plain = alone(subject, key)
                assert list(holding.reaches(subject, -1)) == list(plain.reaches(subject, -1))
