"""Where a report speaks for every subject of a rule, so that a failure it does not list is really gone.

A failure that a report no longer lists was fixed only if its rule ran, its account and Region were read, and the
listing of its subjects was complete there. It may also rest on facts of another Region (what replicates into it, a
trail, an alarm), so every Region must have been read again that was read when it was seen. Baseline, history and
export ask this before they call anything fixed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from msgspec import Struct

from scanner.model.arn import partition_of
from scanner.model.finding import Cut, Finding, Report
from scanner.model.records import Gap, Source
from scanner.model.rule import Outcome, RuleInfo

GLOBAL = "aws-global"
LISTINGS = {
    "key": ("key",),
    "resource": ("resource:",),
    "principal": ("principal",),
    "grant": ("key", "key.grants"),
    "store": ("key-store",),
    "cluster": ("cluster",),
    "trail": ("trail",),
    "account": (),
    "change": (),
}
"""What must be known for every subject of a kind to be there, in the words of `Gap.makes_unknown`."""


class Reach(Struct, frozen=True):
    """What one evaluation speaks for."""

    source: Source
    rules: dict[str, RuleInfo]
    """The rules that ran, by id."""
    cut: Cut | None
    """What the listing of their findings leaves out."""
    unlisted: frozenset[tuple[str, str, str]]
    """(subject type, account, Region) where subjects may exist that nobody listed."""

    def covers(self, rule: str, account: str, region: str, seen: Collection[str] = ()) -> bool:
        """Whether a failure of `rule` in this account and Region, seen by a run over the Regions `seen`, would be
        listed if it were still there; an account holds more than a plan."""
        return self.source.type == "aws" and self.covers_source(rule, account, region, seen)

    def covers_source(self, rule: str, account: str, region: str, seen: Collection[str] = ()) -> bool:
        """The same of what the source holds there.

        What is listed for a whole account (`aws-global`) may be subjects of any Region.
        """
        info = self.rules.get(rule)
        whole = not self.source.interrupted and not self.source.partial and self.reads(seen)
        if info is None or not whole or not self._in_scope(account, region) or not _listed(info, account, self.cut):
            return False
        return not any((info.subject, account, place) in self.unlisted for place in (region, GLOBAL))

    def reads(self, seen: Collection[str]) -> bool:
        """Whether every Region of an earlier run was read; a plan is one place, and an account with none named."""
        return self.source.type != "aws" or not self.source.regions or set(seen) <= set(self.source.regions)

    def _in_scope(self, account: str, region: str) -> bool:
        """A source that names no accounts (a plan) is one place."""
        accounts = not self.source.accounts or account in self.source.accounts
        return accounts and (not self.source.regions or region in (*self.source.regions, GLOBAL))


def reach_of(report: Report) -> Reach:
    """What `report` speaks for."""
    return reach(report.source, report.rules, report.findings, report.gaps, report.cut)


def reach(
    source: Source, rules: Iterable[RuleInfo], findings: Iterable[Finding], gaps: Iterable[Gap], cut: Cut | None = None
) -> Reach:
    """The same from the parts of a report; `cut` is what the listing of `findings` leaves out."""
    unlisted = {_place(finding) for finding in findings if is_unlisted(finding)}
    for gap in gaps:
        unlisted |= {(kind, gap.account, gap.region) for kind, words in LISTINGS.items() if _hides(gap, words)}
    return Reach(source, {rule.id: rule for rule in rules}, cut, frozenset(unlisted))


def _listed(rule: RuleInfo, account: str, cut: Cut | None) -> bool:
    """Whether the rule ran in this account and its failures there are all listed."""
    severity = rule.severity_in(account)
    if severity is None or cut is None:
        return severity is not None
    return severity >= cut.severity and {Outcome.FAIL, Outcome.NOT_ASSESSED} <= set(cut.outcomes)


def _place(finding: Finding) -> tuple[str, str, str]:
    return finding.subject_type, finding.account, finding.region


def _hides(gap: Gap, words: tuple[str, ...]) -> bool:
    """Whether the refused read may have hidden subjects; one about a single subject hides only what is part of it."""
    return any(
        (word in words or f"{word.split(':')[0]}:" in words) and (gap.subject is None or "." in word)
        for word in gap.makes_unknown
    )


def unlisted_arn(subject_type: str, account: str, region: str) -> str:
    """The name under which a report speaks of subjects that could not be listed: an ARN of our own."""
    return f"arn:{partition_of(region)}:keyproof:{region}:{account}:unlisted/{subject_type}"


def is_unlisted(finding: Finding) -> bool:
    """Whether a finding stands for subjects that could not be listed."""
    return finding.subject == unlisted_arn(finding.subject_type, finding.account, finding.region)
