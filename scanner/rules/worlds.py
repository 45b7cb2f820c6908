"""Facts written in YAML to objects of the graph's classes, checked against the fact schema."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from scanner.errors import Problem, RuleError
from scanner.model.facttypes import FactType, View, fields_of
from scanner.model.unknown import Partial, Unknown
from scanner.rules.lang.faults import suggest
from scanner.rules.yamlfile import YamlFile

Place = tuple[str | int, ...]
PYTHON: dict[str, type] = {"bool": bool, "int": int, "double": float, "string": str}


class World:
    """The objects of one example: those of one class with one identity are one object."""

    def __init__(self, file: YamlFile) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.objects: dict[tuple[type[View], Any], View] = {}
        self.written: dict[int, set[str]] = {}

    def finish(self) -> None:
        """Facts that nobody wrote become unknown; RuleError when something did not fit."""
        if self.problems:
            raise RuleError(self.problems)

    def build(self, view: type[View], facts: dict[str, Any], path: Place) -> View:
        """The object that `facts` describe."""
        subject = self.object(view, facts)
        written = self.written[id(subject)]
        for name, value in facts.items():
            fact = fields_of(view).get(name)
            if fact is None:
                help = suggest(name, fields_of(view))
                self.problems.append(
                    self.file.problem_at_key((*path, name), f"{view.type_name()} has no `{name}`", help)
                )
                continue
            converted = self.value(fact.type, value, (*path, name))
            if name in written and name != view.identity and getattr(subject, name) != converted:
                self.wrong((*path, name), f"`{name}` of this object is stated twice, differently")
            setattr(subject, name, converted)
            written.add(name)
        return subject

    def object(self, view: type[View], facts: dict[str, Any]) -> View:
        """The object of this identity, or a new one of which nothing is known.

        Classes that define their own equality (access to a key) describe a relation: each mention is its own object.
        """
        identity = facts.get(view.identity)
        shared = isinstance(identity, str) and view.__eq__ is object.__eq__
        if shared and (view, identity) in self.objects:
            return self.objects[view, identity]
        subject = view(**{name: Unknown(f"`{name}` is not given in the example") for name in fields_of(view)})
        self.written[id(subject)] = set()
        self.objects[view, identity if shared else id(subject)] = subject
        return subject

    def value(self, type: FactType, value: Any, path: Place) -> Any:
        """A written value as a fact of this type."""
        if value is None:
            return None if type.nullable else self.wrong(path, "this is never null")
        convert = CONVERT.get(type.name)
        if convert is not None:
            return convert(self, type, value, path)
        if not isinstance(value, PYTHON[type.name]) or (isinstance(value, bool) and type.name != "bool"):
            return self.wrong(path, f"`{str(value)[:60]}` is not {type}", "quote it" if type.name == "string" else "")
        if type.values and value not in type.values:
            return self.wrong(path, f"never `{value}`", suggest(str(value), type.values))
        return value

    def _list(self, type: FactType, value: Any, path: Place) -> Any:
        assert type.item is not None
        if isinstance(value, dict) and set(value) == {"known", "complete"} and value["complete"] is False:
            known = self._list(type, value["known"], (*path, "known"))
            return Partial(known, "the list in the example is not complete")
        if not isinstance(value, list):
            return self.wrong(path, "not a list", "write `[...]` or `{known: [...], complete: false}`")
        return tuple(self.value(type.item, item, (*path, place)) for place, item in enumerate(value))

    def _map(self, _type: FactType, value: Any, path: Place) -> Any:
        if not isinstance(value, dict) or not all(isinstance(entry, str) for entry in value.values()):
            return self.wrong(path, "not a mapping of texts to texts")
        return dict(value)

    def _view(self, type: FactType, value: Any, path: Place) -> Any:
        assert type.view is not None
        if not isinstance(value, dict):
            return self.wrong(path, f"not the facts of a {type.view.type_name()}", "write `{arn: ...}`")
        return self.build(type.view, value, path)

    def _timestamp(self, _type: FactType, value: Any, path: Place) -> Any:
        try:
            moment = datetime.fromisoformat(value)
        except (TypeError, ValueError):
            return self.wrong(path, f"`{str(value)[:60]}` is not a date", "write `2026-01-31T00:00:00Z`")
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    def wrong(self, path: Place, message: str, help: str = "") -> Unknown:
        """Notes a problem; the value stays unknown."""
        self.problems.append(self.file.problem_at(path, message, help))
        return Unknown(message)


CONVERT: dict[str, Callable[[World, FactType, Any, Place], Any]] = {
    "list": World._list,
    "map": World._map,
    "object": World._view,
    "timestamp": World._timestamp,
}
