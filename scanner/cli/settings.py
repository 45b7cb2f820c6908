"""Find, check and read the settings file into `scanner.model.settings.Settings`."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from scanner.errors import Problem, SettingsError
from scanner.model.rule import severity_of
from scanner.model.settings import DataClass, Environment, RuleSettings, Selector, Settings, TrustedAccount
from scanner.rules.changes import UnfitSettingsError
from scanner.rules.lang.faults import suggest
from scanner.rules.schema_words import in_words

NAMES = ("keyproof.toml", "pyproject.toml")
PLACE = re.compile(r" \(at line (\d+), column (\d+)\)")


def load_settings(path: Path | None, directory: Path) -> Settings:
    """The settings in `path`, else in the nearest file from `directory` up to the repository's top, else the defaults.

    Raises SettingsError that names file, line and mend.
    """
    found = (path, _parse(path)) if path is not None else _nearest(directory)
    if found is None:
        return Settings()
    return _read(*found)


def settings_schema() -> dict[str, Any]:
    """The JSON Schema of a settings file."""
    schema: dict[str, Any] = json.loads(Path(__file__).with_name("settings.schema.json").read_text("utf-8"))
    return schema


def _nearest(directory: Path) -> tuple[Path, dict[str, Any]] | None:
    for place in (directory, *directory.parents):
        for name in NAMES:
            if (place / name).exists():
                content = _parse(place / name)
                if name == "keyproof.toml" or "keyproof" in content.get("tool", {}):
                    return place / name, content
        if (place / ".git").exists():
            break
    return None


def _parse(path: Path) -> dict[str, Any]:
    import tomllib  # most commands find no settings file

    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: {(error.strerror or str(error)).lower()}") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: not UTF-8 text") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(str(_not_toml(path, str(error)))) from error


def _not_toml(path: Path, message: str) -> Problem:
    """The fault with the place that `tomllib` states in its message."""
    place = PLACE.search(message)
    line, column = (int(place[1]), int(place[2])) if place else (0, 0)
    lines = path.read_text("utf-8").split("\n")
    said = f"not TOML: {message[:1].lower()}{PLACE.sub('', message)[1:]}"
    return Problem(str(path), line, column, said, lines[line - 1] if 0 < line <= len(lines) else "")


def _read(path: Path, content: dict[str, Any]) -> Settings:
    prefix = _prefix(path)
    for name in prefix:
        content = content.get(name, {})
    content = _dates_as_text(content)
    _check(path, prefix, content)
    _check_types(path, prefix, content.get("data-classes", {}))
    environments = content.get("environments", {})
    _check_accounts(path, prefix, environments)
    rules = _rules(content)
    return Settings(
        data_classes=_data_classes(content.get("data-classes", {})),
        trusted=tuple(TrustedAccount(**entry) for entry in content.get("trusted", ())),
        rules=rules,
        environments={
            name: Environment(tuple(entry.get("accounts", ())), rules.under(_rules(entry)))
            for name, entry in environments.items()
        },
        path=str(path),
    )


def at_its_line(error: UnfitSettingsError, path: str | None) -> SettingsError:
    """The same with the line of the settings file `path`."""
    if path is None:
        return error
    file = Path(path)
    where = (*_prefix(file), *error.where)
    return SettingsError(str(_problem(file, file.read_text("utf-8"), where, error.message, error.mend)))


def _prefix(path: Path) -> tuple[str, ...]:
    """The table of the file that holds the settings."""
    return ("tool", "keyproof") if path.name == "pyproject.toml" else ()


def _rules(content: dict[str, Any]) -> RuleSettings:
    rules = content.get("rules", {})
    return RuleSettings(
        params={rule: entry["params"] for rule, entry in rules.items() if "params" in entry},
        severities={rule: severity_of(entry["severity"]) for rule, entry in rules.items() if "severity" in entry},
        disabled={rule: entry["off"] for rule, entry in rules.items() if "off" in entry},
    )


def _check_accounts(path: Path, prefix: tuple[str, ...], environments: dict[str, Any]) -> None:
    """SettingsError for an account that two environments name."""
    owners: dict[str, str] = {}
    for name, entry in environments.items():
        for account in entry.get("accounts", ()):
            if account in owners:
                where = (*prefix, "environments", name, "accounts")
                message = f"account {account} is in the environment `{owners[account]}` already"
                raise SettingsError(str(_problem(path, path.read_text("utf-8"), where, message)))
            owners[account] = name


def _check_types(path: Path, prefix: tuple[str, ...], classes: dict[str, Any]) -> None:
    """SettingsError for a type that no resource or key has: its class would be empty, and nothing would say so."""
    from scanner.catalog.encryption import ENCRYPTED_TYPES

    known = ["AWS::KMS::Key", *(row.type for row in ENCRYPTED_TYPES)]
    for name, entry in classes.items():
        for number, member in enumerate(entry.get("members", ())):
            for pattern in member.get("types", ()):
                if not any(fnmatchcase(type, pattern) for type in known):
                    where = (*prefix, "data-classes", name, "members", number, "types")
                    message = f"no resource has the type `{pattern}`"
                    text = path.read_text("utf-8")
                    raise SettingsError(str(_problem(path, text, where, message, suggest(pattern, known))))


def _data_classes(declared: dict[str, Any]) -> tuple[DataClass, ...]:
    classes = {known.name: known for known in Settings().data_classes}
    for name, entry in declared.items():
        known = classes.get(name, DataClass(name, ()))
        if "members" in entry:
            known = replace(known, selectors=tuple(_selector(member) for member in entry["members"]))
        classes[name] = replace(known, custody=tuple(entry.get("custody", known.custody)))
    return tuple(classes.values())


def _selector(entry: dict[str, Any]) -> Selector:
    lists = {name.replace("-", "_"): tuple(value) for name, value in entry.items() if name != "tags"}
    return Selector(tags=entry.get("tags", {}), **lists)


def _dates_as_text(value: Any) -> Any:
    """TOML has dates of its own; the schema and the settings know them as text."""
    if isinstance(value, dict):
        return {name: _dates_as_text(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_dates_as_text(member) for member in value]
    return value.isoformat() if isinstance(value, date) else value


def _check(path: Path, prefix: tuple[str, ...], content: dict[str, Any]) -> None:
    import jsonschema

    validator = jsonschema.Draft202012Validator(settings_schema(), format_checker=jsonschema.FormatChecker())
    errors = sorted(validator.iter_errors(content), key=lambda error: [str(part) for part in error.absolute_path])
    if errors:
        text = path.read_text("utf-8")
        problems = [problem for error in errors for problem in _problems(path, text, prefix, error)]
        raise SettingsError("\n".join(map(str, problems)))


def _problems(path: Path, text: str, prefix: tuple[str, ...], error: Any) -> list[Problem]:
    where = (*prefix, *error.absolute_path)
    if error.validator != "additionalProperties":
        said, mend = in_words(error)
        message = said if not where else f"`{_dotted(where[len(prefix) :])}`: {said}"
        return [_problem(path, text, where, message, mend)]
    known = error.schema["properties"]
    return [
        _problem(path, text, (*where, name), f"no setting `{name}`", suggest(name, known))
        for name in error.instance
        if name not in known
    ]


def _dotted(path: Sequence[Any]) -> str:
    return ".".join(map(str, path))


def _problem(path: Path, text: str, where: tuple[Any, ...], message: str, mend: str = "") -> Problem:
    from scanner.cli.toml_places import place_of

    line, column = place_of(text, where)
    excerpt = text.splitlines()[line - 1] if line else ""
    return Problem(str(path), line, column, message, excerpt, mend)
