"""A rule file to a Rule: every expression checked, every problem gathered with its place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from scanner.errors import Problem
from scanner.graph.views import SUBJECT_VIEWS
from scanner.model.facttypes import FactType
from scanner.model.rule import Control, RuleInfo, Strength, severity_of
from scanner.rules.changes import Changes
from scanner.rules.lang.checker import Scope, check
from scanner.rules.lang.faults import ExpressionError
from scanner.rules.lang.limits import MAX_DEPTH
from scanner.rules.lang.narrowing import NOTHING, Facts, proves
from scanner.rules.lang.template import Template
from scanner.rules.lang.template_parser import template
from scanner.rules.lang.terms import AS_OF, BOOL, TIMESTAMP, Term, depth
from scanner.rules.params import accepted, declared_type
from scanner.rules.program import Check, Program
from scanner.rules.rule import Rule
from scanner.rules.rulefile import RuleFile
from scanner.rules.yamlfile import YamlFile

T = TypeVar("T")
Path_ = tuple[str | int, ...]


def build(file: YamlFile, path: Path, shape: RuleFile, changes: Changes) -> Rule | list[Problem]:
    """The rule that `file` holds, or everything that is wrong with it."""
    builder = _Builder(file, shape, changes)
    if shape.rule != path.stem:
        builder.problems.append(
            file.problem_at(("rule",), f"the file is called `{path.name}`", "use one name for both")
        )
    program = builder.program()
    if builder.problems:
        return builder.problems
    info = RuleInfo(
        id=shape.rule,
        title=shape.title,
        severity=severity_of(shape.severity) if changes.severity is None else changes.severity,
        subject=shape.subject,
        theme=path.parent.name,
        why=shape.why.strip(),
        false_positives=(shape.false_positives or "").strip(),
        fix={name: text.strip() for name in ("cli", "terraform") if (text := getattr(shape.fix, name))},
        controls=tuple(Control(control.id, Strength(control.strength)) for control in shape.controls),
        sources=shape.sources,
        aliases=shape.aliases,
        params={name: value for name, (_, value) in builder.params.items()},
        off=changes.off,
    )
    return Rule(info, program, path)


class _Builder:
    def __init__(self, file: YamlFile, shape: RuleFile, changes: Changes) -> None:
        self.file = file
        self.shape = shape
        self.problems: list[Problem] = []
        self.params = {name: self.param(name, changes) for name in shape.params}
        subject = FactType("object", view=SUBJECT_VIEWS[shape.subject])
        self.scope = Scope({shape.subject: subject, AS_OF: TIMESTAMP}, self.params)
        self.proofs: dict[str, tuple[Facts, Facts]] = {}
        self.depths: dict[str, int] = {}

    def param(self, name: str, changes: Changes) -> tuple[FactType, Any]:
        """Type and value of a parameter; settings were checked against the type before."""
        part = self.shape.params[name]
        type = declared_type(part.type)
        try:
            default = accepted(part.default, type)
        except ValueError as error:
            self.problems.append(self.file.problem_at(("params", name, "default"), str(error)))
            default = () if type.name == "list" else {"bool": False, "string": ""}.get(type.name, 0)
        return type, changes.params.get(name, default)

    def program(self) -> Program:
        where = self.expression(("where",), self.shape.where, NOTHING, BOOL) if self.shape.where else None
        facts = proves(where, True, {}) if where else NOTHING
        before = len(self.problems)
        lets = self.lets(facts)
        if len(self.problems) > before:  # what uses them would only be wrong in consequence
            return Program(self.shape.subject, where, lets, ())
        checks: list[Check] = []
        proven = facts
        for place, part in enumerate(self.shape.require):
            term = self.expression(("require", place, "check"), part.check, proven, BOOL)
            if term is None:
                continue
            failed = proven | proves(term, False, self.proofs)
            checks.append(Check(term, self.message(("require", place, "message"), part.message, failed)))
            proven |= proves(term, True, self.proofs)
        evidence = self.expression(("evidence",), self.shape.evidence, facts) if self.shape.evidence else None
        return Program(self.shape.subject, where, lets, tuple(checks), evidence)

    def lets(self, facts: Facts) -> dict[str, Term]:
        """The `let`s in order, each in the scope of the next."""
        lets: dict[str, Term] = {}
        for name, text in self.shape.let.items():
            path = ("let", name)
            if name in self.scope.variables or name == "params":
                self.problems.append(
                    self.file.problem_at_key(path, f"`{name}` is already in use", "choose another name")
                )
            elif term := self.expression(path, text, facts):
                lets[name] = term
                self.depths[name] = depth(term, self.depths)
                self.proofs[name] = (proves(term, True, self.proofs), proves(term, False, self.proofs))
                variables = {**self.scope.variables, name: term.type}
                self.scope = Scope(variables, self.params, self.proofs)
        return lets

    def expression(self, path: Path_, text: str, facts: Facts, expected: FactType | None = None) -> Term | None:
        """The term of an expression; None, and a problem, when it is wrong."""
        term = self.attempt(path, lambda: check(text, self.scope, facts, expected))
        if term is not None and depth(term, self.depths) > MAX_DEPTH:
            self.problems.append(self.file.problem_at(path, f"nested deeper than {MAX_DEPTH} levels with its `let`s"))
        return term

    def message(self, path: Path_, text: str | None, facts: Facts) -> Template | None:
        return self.attempt(path, lambda: template(text, self.scope, facts)) if text else None

    def attempt(self, path: Path_, action: Callable[[], T]) -> T | None:
        try:
            return action()
        except ExpressionError as error:
            early = path == ("where",) and any(f"name `{name}`" in error.message for name in self.shape.let)
            help = "`where` comes before `let` and cannot use it" if early else error.help
            self.problems.append(self.file.problem_in(path, error.start, error.message, help))
            return None
