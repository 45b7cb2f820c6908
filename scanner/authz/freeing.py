"""Tags and aliases that somebody may change, as far as conditions look at them: attribute-based access turned round.

KMS developer guide, "ABAC for AWS KMS". A condition names the tags and alias names that would open the key; each
is tried: may the principal set this tag to this value, or make this alias?
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from scanner.authz.actions import ALIAS_ACTIONS, KEY_ACTIONS, bit
from scanner.authz.conditions import Test
from scanner.authz.facts import RESOURCE_TAG, StaticContext
from scanner.authz.joint import weigh_jointly
from scanner.authz.patterns import literal, wildcard
from scanner.authz.relation import documents_of
from scanner.authz.request import AccessRequest, Documents
from scanner.authz.sides import Side
from scanner.authz.values import UNKNOWN, Known, Open, Value, known

_ALIASES = ("kms:resourcealiases", "kms:requestalias")
Freed = tuple[str, dict[str, Value]]
"""An action, and what the facts of the key may become by it."""


def freed(side: Side) -> Iterator[Freed]:
    """What the principal may make of the tags and aliases that some condition asks about."""
    if not side.may & (ALIAS_ACTIONS | bit("kms:TagResource") | bit("kms:UntagResource")):
        return
    tests = [test for test in tests_of(side.documents, KEY_ACTIONS) if test.key.startswith((RESOURCE_TAG, *_ALIASES))]
    tags = {test.key: test for test in tests if test.key.startswith(RESOURCE_TAG)}
    for key, first in tags.items():
        yield from _tagged(side, key, first.name[len(RESOURCE_TAG) :], [t for t in tests if t.key == key])
    aliased = [test for test in tests if test.key in _ALIASES]
    if aliased:
        yield from _aliased(side, aliased)


def tests_of(documents: Documents, actions: int) -> Iterator[Test]:
    """Every condition on some of the actions, in whatever layer."""
    layers = [documents.key_policies, documents.identity, documents.boundary]
    layers += documents.scps if isinstance(documents.scps, tuple) else ()
    layers += documents.rcps if isinstance(documents.rcps, tuple) else ()
    for layer in layers:
        for document in layer if isinstance(layer, tuple) else ():
            for statement in document.statements:
                if statement.actions & actions:
                    yield from statement.conditions


# --- tags ----------------------------------------------------------------------------------------


def _tagged(side: Side, key: str, name: str, tests: list[Test]) -> Iterator[Freed]:
    if side.may & bit("kms:TagResource"):
        values = [text for text in _constants(tests) if _may_tag(side, name, known(text))]
        if not _is_plain(tests) and _may_tag(side, name, UNKNOWN):
            yield "kms:TagResource", {key: Open((wildcard("*"),), absent=False)}
        elif values:
            yield "kms:TagResource", {key: Open(tuple(map(literal, values)), absent=False)}
    if side.may & bit("kms:UntagResource") and _asked(side, "kms:UntagResource", {"aws:tagkeys": known(name)}):
        yield "kms:UntagResource", {key: Known()}


def _may_tag(side: Side, name: str, value: Value) -> int:
    return _asked(side, "kms:TagResource", {"aws:tagkeys": known(name), f"aws:requesttag/{name.lower()}": value})


def _asked(side: Side, action: str, chosen: dict[str, Value]) -> int:
    context = StaticContext(chosen, side.fixed, side.subject.facts, side.key.facts)
    return weigh_jointly(replace(side.request, actions=bit(action), context=context), side.documents).may


def _is_plain(tests: Iterable[Test]) -> bool:
    """Whether values that stand in the conditions are all that they tell apart."""
    return all(test.operator.name == "StringEquals" and not test.variables for test in tests)


def _constants(tests: Iterable[Test]) -> list[str]:
    return list(dict.fromkeys(text for test in tests if not test.variables for text in test.values))


# --- aliases -------------------------------------------------------------------------------------


def _aliased(side: Side, tests: list[Test]) -> Iterator[Freed]:
    """Alias actions need permission on the alias as well as on the key."""
    for action in ("kms:CreateAlias", "kms:UpdateAlias"):
        if side.may & bit(action):
            names = [text for text in _constants(tests) if _may_alias(side, action, _example(text))]
            if names:
                shapes = Open(tuple(wildcard(_example(text)) for text in names), absent=False)
                yield action, dict.fromkeys(_ALIASES, shapes)
            elif not _is_told(tests) and _may_alias(side, action, "alias/new"):
                yield action, dict.fromkeys(_ALIASES, Open(absent=False))
    if side.may & bit("kms:DeleteAlias") and _may_alias(side, "kms:DeleteAlias", "alias/old"):
        yield "kms:DeleteAlias", dict.fromkeys(_ALIASES, Known())


def _is_told(tests: Iterable[Test]) -> bool:
    """Whether only names that stand in the conditions open something."""
    return not any(test.operator.negated or test.variables for test in tests)


def _example(text: str) -> str:
    """An alias name that a pattern of a condition covers."""
    return text.replace("*", "x").replace("?", "x")


def _may_alias(side: Side, action: str, name: str) -> int:
    arn = f"{side.key.arn.partition(':key/')[0]}:{name if name.startswith('alias/') else f'alias/{name}'}"
    context = StaticContext(side.fixed, side.subject.facts)
    request = AccessRequest(side.subject.caller, bit(action), arn, side.key.account, context)
    return weigh_jointly(request, documents_of(side.subject, side.key)).may
