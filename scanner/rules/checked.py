"""Rule files, each read and checked alone; those that are shipped are kept as they were checked before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from scanner.errors import Problem
from scanner.rules.kept import keep, kept
from scanner.rules.rule import Rule
from scanner.rules.source import find_policies, rule_files

WHAT = "rules"


class Checked(Struct, frozen=True):
    """One rule file: what it claims, and its rule where nothing is wrong with it."""

    path: Path
    names: tuple[str, ...]
    """The id and the aliases."""
    controls: tuple[str, ...]
    """`framework/requirement`, in the order of the file."""
    rule: Rule | None

    def problem_at(self, where: tuple[str | int, ...], message: str, help: str = "") -> Problem:
        """A problem with what stands at `where` in the file."""
        from scanner.rules.yamlfile import read_yaml

        return read_yaml(self.path).problem_at(where, message, help)


def checked_files(directories: Sequence[Path]) -> tuple[list[Checked], list[Problem]]:
    """The rule files of all folders, in order, and everything that is wrong with any of them."""
    files: list[Checked] = []
    problems: list[Problem] = []
    for directory in directories:
        found = kept(directory, WHAT)
        if found is None:
            wrong: list[Problem] = []
            found = tuple(map(_compiled, _read(directory, directories, wrong)))
            if not wrong:
                keep(directory, WHAT, found)
            problems += wrong
        files += found
    return files, problems


def _read(directory: Path, directories: Sequence[Path], problems: list[Problem]) -> Iterator[Checked]:
    from scanner.rules.build import build
    from scanner.rules.changes import Changes
    from scanner.rules.rulefile import RuleFile, read_shape
    from scanner.rules.yamlfile import YamlProblem, read_yaml

    schema: Path | None = None
    for path in rule_files([directory]):
        try:
            file = read_yaml(path)
        except YamlProblem as error:
            problems.append(error.problem)
            continue
        schema = schema or _schema(directories)
        shape = read_shape(file, schema)
        if not isinstance(shape, RuleFile):
            problems += shape
            continue
        rule = build(file, path, shape, Changes())
        problems += () if isinstance(rule, Rule) else rule
        controls = tuple(control.id for control in shape.controls)
        yield Checked(path, (shape.rule, *shape.aliases), controls, rule if isinstance(rule, Rule) else None)


def _compiled(file: Checked) -> Checked:
    if file.rule is None:
        return file
    program = replace(file.rule.program, code=file.rule.program.compiled())
    return replace(file, rule=replace(file.rule, program=program))


def _schema(directories: Sequence[Path]) -> Path:
    """The schema that comes with the rules, or the one that is shipped."""
    own = (directory / "schema.json" for directory in directories)
    return next((path for path in own if path.is_file()), None) or find_policies() / "schema.json"
