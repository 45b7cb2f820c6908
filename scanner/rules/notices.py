"""What a reader must know about the settings: trust that has ended, rules that are off, attestations of nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from scanner.model.attestation import Attestation
from scanner.model.finding import Notice
from scanner.model.settings import Settings


def settings_notices(settings: Settings, as_of: datetime) -> Iterator[Notice]:
    """The notices of settings as they are written, of which `Settings.in_force` keeps what still holds."""
    trusted = settings.in_force(as_of).trusted
    for ended in (one for one in settings.trusted if one not in trusted):
        yield Notice("trust-expired", f"trust in {ended.id} (owner: {ended.owner}) ended on {ended.expires}")
    for rule, reason in sorted(settings.rules.disabled.items()):
        yield Notice("rule-off", f"rule `{rule}` is off: {reason}")
    for name, environment in settings.environments.items():
        for rule, reason in sorted(environment.rules.disabled.items()):
            if settings.rules.disabled.get(rule) != reason:
                yield Notice("rule-off", f"rule `{rule}` is off in the environment `{name}`: {reason}")


def attestation_notices(attestation: Attestation, clusters: Iterable[str]) -> Iterator[Notice]:
    """A notice of each thing that is attested and that is none of the `clusters` (ids and ARNs) that were read."""
    named = {listing.cluster for listing in attestation.listings} | {one.about for one in attestation.statements}
    for name in sorted(named.difference(clusters)):
        text = f"the attestation speaks of `{name}`, and no cluster of that id or ARN was read"
        yield Notice("attestation-unused", text)
