"""Settings as plain data: what is in scope, what each data class demands, which rules run and how.

Read from `keyproof.toml` or `[tool.keyproof]` by the command line; everything below gets this object.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from scanner.model.attestation import Attestation
from scanner.model.rule import Severity

DEFAULT_CUSTODY = {"pci": ("CKS",), "signing": ("CKS", "XKS")}


class Selector(Struct, frozen=True):
    """What puts a resource or key in a data class: every stated part must match, patterns use `*` and `?`."""

    tags: dict[str, str] = field(default_factory=dict)
    accounts: tuple[str, ...] = ()
    organizational_units: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    types: tuple[str, ...] = ()


DEFAULT_PCI = tuple(
    Selector(tags={name: value})
    for name, value in (
        ("DataClass", "pci"),
        ("DataClassification", "pci"),
        ("data-class", "pci"),
        ("data-classification", "pci"),
        ("Scope", "pci"),
        ("pci", "true"),
        ("PCI", "true"),
    )
)
"""Tags that declare PCI scope when no settings file says otherwise; names and values compare without case."""


class DataClass(Struct, frozen=True):
    """A class of data, what is in it, and the custodies that its keys may have (empty: any)."""

    name: str
    selectors: tuple[Selector, ...]
    custody: tuple[str, ...] = ()


class TrustedAccount(Struct, frozen=True):
    """An account or organisation outside the scanned ones that may hold access, with who answers for it."""

    id: str
    owner: str
    expires: str | None = None


class RuleSettings(Struct, frozen=True):
    """What is changed about rules, by rule id; `disabled` holds the reason why a rule is off."""

    params: dict[str, dict[str, Any]] = field(default_factory=dict)
    severities: dict[str, Severity] = field(default_factory=dict)
    disabled: dict[str, str] = field(default_factory=dict)

    def under(self, other: RuleSettings) -> RuleSettings:
        """These with `other` laid over them, parameter by parameter."""
        return RuleSettings(
            params={
                rule: self.params.get(rule, {}) | other.params.get(rule, {}) for rule in self.params | other.params
            },
            severities=self.severities | other.severities,
            disabled=self.disabled | other.disabled,
        )


class Environment(Struct, frozen=True):
    """Accounts in which rules are set differently; no account is in two environments."""

    accounts: tuple[str, ...]
    rules: RuleSettings = RuleSettings()
    """All that holds there, the general settings included."""


class Settings(Struct, frozen=True):
    """Everything a person can set; the defaults are what runs without a settings file."""

    data_classes: tuple[DataClass, ...] = (DataClass("pci", DEFAULT_PCI, DEFAULT_CUSTODY["pci"]),)
    trusted: tuple[TrustedAccount, ...] = ()
    rules: RuleSettings = RuleSettings()
    """What holds wherever no environment says otherwise."""
    environments: dict[str, Environment] = field(default_factory=dict)
    """By name."""
    path: str | None = None
    attestation: Attestation = field(default_factory=Attestation)
    """What people attest; it comes from a file of its own."""

    def within(self, environment: str) -> Settings:
        """The settings where accounts that no environment names are in this one."""
        return replace(self, rules=self.environments[environment].rules)

    def in_force(self, as_of: datetime) -> Settings:
        """The settings as of a moment: trust ends after its last day."""
        day = as_of.date().isoformat()
        return replace(self, trusted=tuple(one for one in self.trusted if one.expires is None or day <= one.expires))
