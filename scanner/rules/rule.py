"""A rule that was checked and can be run."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, convert, field

from scanner.model.rule import RuleInfo
from scanner.rules.lang.functions import ArnParts
from scanner.rules.lang.terms import Field, walk
from scanner.rules.program import Program

if TYPE_CHECKING:
    from scanner.rules.rulefile import RuleFile
    from scanner.rules.yamlfile import YamlFile


class Rule(Struct, frozen=True, dict=True):
    """One rule, ready to run. `path` is its file.

    `elsewhere` is what it is in the environments of `info.variants`, by their names.
    """

    info: RuleInfo
    program: Program
    path: Path
    elsewhere: Mapping[str, Rule] = field(default_factory=dict)

    @property
    def runs(self) -> bool:
        """Whether it is on anywhere."""
        return any(rule.info.off is None for rule in (self, *self.elsewhere.values()))

    def at(self, account: str) -> Rule:
        """The rule as it is in this account."""
        variant = self.info.variant(account)
        return self if variant is None else self.elsewhere[variant.environment]

    @cached_property
    def source(self) -> YamlFile:
        """Its file, with places; read again, since whoever only runs rules does not need it."""
        from scanner.rules.yamlfile import read_yaml

        return read_yaml(self.path)

    @cached_property
    def shape(self) -> RuleFile:
        """What its file says."""
        from scanner.rules.rulefile import RuleFile

        return convert(self.source.root.data, RuleFile)

    @property
    def reads(self) -> frozenset[tuple[str, str]]:
        """The facts that the rule may read: class and field."""
        program = self.program
        terms = [*program.lets.values(), *(one.term for one in program.checks)]
        terms += [term for term in (program.where, program.evidence) if term is not None]
        return frozenset(
            (part.base.type.view.type_name(), part.name)
            for term in terms
            for part in walk(term)
            if isinstance(part, Field) and part.base.type.view not in (None, ArnParts)
        )
