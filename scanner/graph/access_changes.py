"""Who gains and who loses access to a key between two estates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:  # the engine is loaded when the first access fact is read
    from scanner.authz.reach import KeyAccess, Reach

Reached = dict[tuple[str, str], "Reach"]
"""By (principal, action)."""

Masks = dict[str, tuple[int, int, int]]
"""By principal: what it may do, what it certainly can, and what a statement gives it."""

STATED = 2


class AccessChange(Struct, frozen=True):
    """One action that a principal may do now and could not, or the other way round.

    `reach` is the access that is gained or lost; `other` what there is on the other side of the change, when an
    action that was conditional becomes certain or stops being so. An action is gained, too, where a statement gives it
    that only a policy which could not be read might have given before.
    """

    gained: bool
    reach: Reach
    other: Reach | None = None


def access_changes(before: KeyAccess | None, after: KeyAccess | None) -> Iterator[AccessChange]:
    """What differs, by principal and action; None stands for a key that is not there."""
    there, here = _masks(before), _masks(after)
    differing = {who for who in there.keys() | here.keys() if there.get(who) != here.get(who)}
    if not differing:
        return
    old, new = _reached(before, differing), _reached(after, differing)
    settled = newly_open(after, before)
    for name in sorted(old.keys() | new.keys()):
        was, now = old.get(name), new.get(name)
        if now is not None and (was is None or (now.certain and not was.certain)):
            yield AccessChange(True, now, was)
        elif was is not None and (now is None or (was.certain and not now.certain)):
            yield AccessChange(False, was, now)
        elif now is not None and not settled and _newly_stated(name, there, here):
            yield AccessChange(True, now)


def newly_open(before: KeyAccess | None, after: KeyAccess | None) -> tuple[str, ...]:
    """Why there may be other changes: what is not known after and was known before."""
    known = before.reasons if before else ()
    return tuple(reason for reason in (after.reasons if after else ()) if reason not in known)


def _newly_stated(name: tuple[str, str], there: Masks, here: Masks) -> bool:
    from scanner.authz.actions import bit

    principal, action = name
    return bool(here[principal][STATED] & ~there[principal][STATED] & bit(action))


def _masks(access: KeyAccess | None) -> Masks:
    """What each principal may and must be able to do, and what is stated, cheap enough for every key of an estate."""
    found: Masks = defaultdict(lambda: (0, 0, 0))
    for holding in access.holdings if access else ():
        pair = holding.pair
        for subject in holding.members:
            may, must, stated = found[subject.caller.text]
            masks = (may | pair.outcome.may, must | pair.outcome.must, stated | pair.stated)
            found[subject.caller.text] = masks
    return found


def _reached(access: KeyAccess | None, principals: set[str]) -> Reached:
    """The surest access of each of some principals to each action of the key."""
    from scanner.authz.actions import KEY_ACTIONS

    found: Reached = {}
    for holding in access.holdings if access else ():
        for subject in holding.members:
            if subject.caller.text not in principals:
                continue
            for reach in holding.reaches(subject, KEY_ACTIONS):
                earlier = found.get((reach.principal, reach.action))
                if earlier is None or reach.certain > earlier.certain:
                    found[reach.principal, reach.action] = reach
    return found
