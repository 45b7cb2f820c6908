"""What a rule says about itself, and the words for how bad and how sure."""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Any

from msgspec import Struct, field


class Severity(IntEnum):
    """How bad a failure is; the order is the order of comparison."""

    INFO = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def label(self) -> str:
        """The word used in files and on the command line."""
        return self.name.lower()


_BY_LABEL = {severity.label: severity for severity in Severity}


def severity_of(label: str) -> Severity:
    """The severity with this lower-case label; KeyError for another word."""
    return _BY_LABEL[label]


class Outcome(StrEnum):
    """What came of one rule on one subject."""

    FAIL = "FAIL"
    NOT_ASSESSED = "NOT_ASSESSED"
    PASS = "PASS"
    NOT_APPLICABLE = "NOT_APPLICABLE"


class Strength(StrEnum):
    """How a rule relates to a control: it tests the control itself, or supports its evidence."""

    TESTS = "tests"
    SUPPORTS = "supports"


class Control(Struct, frozen=True):
    """A requirement in somebody's standard: `pci-dss-4.0.1/3.7.4`."""

    id: str
    strength: Strength

    @property
    def framework(self) -> str:
        """`pci-dss-4.0.1`."""
        return self.id.split("/", 1)[0]

    @property
    def requirement(self) -> str:
        """`3.7.4`."""
        return self.id.split("/", 1)[1]


SUBJECTS = ("key", "resource", "principal", "grant", "store", "cluster", "trail", "account", "change")


class Variant(Struct, frozen=True):
    """What a rule is in the accounts of an environment whose settings change it; `off` is the reason why it is off."""

    environment: str
    accounts: tuple[str, ...]
    severity: Severity
    params: dict[str, Any] = field(default_factory=dict)
    off: str | None = None


class RuleInfo(Struct, frozen=True):
    """The words of one rule file: all that a report needs to know of it."""

    id: str
    title: str
    severity: Severity
    subject: str
    theme: str
    why: str
    fix: dict[str, str]
    """`cli` and `terraform`."""
    controls: tuple[Control, ...] = ()
    sources: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    params: dict[str, Any] = field(default_factory=dict)
    """Parameter values in force."""
    false_positives: str = ""
    """When it may fire although a reviewer would accept what is there."""
    off: str | None = None
    """Why it is off wherever no variant says otherwise."""
    variants: tuple[Variant, ...] = ()
    """What environments change about it; no account is in two."""

    def severity_in(self, account: str) -> Severity | None:
        """How bad its failures are in this account; None where it is off."""
        there = self.variant(account) or self
        return None if there.off is not None else there.severity

    def variant(self, account: str) -> Variant | None:
        """What it is in this account, where an environment changes it."""
        return next((one for one in self.variants if account in one.accounts), None)
