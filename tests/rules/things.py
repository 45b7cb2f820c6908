"""A small world for tests of the rule language: two classes of objects, random facts and random expressions."""

from __future__ import annotations

from typing import Annotated, Any

from hypothesis import strategies as st

from scanner.model.facttypes import Doc, FactType, Many, View
from scanner.model.unknown import Partial, Unknown
from scanner.rules.lang.checker import Scope
from scanner.rules.lang.terms import AS_OF, TIMESTAMP


class Item(View, identity="id"):
    id: Annotated[str, Doc("Identity.")]
    n: Annotated[int | Unknown, Doc("A number.")]
    name: Annotated[str | Unknown, Doc("A text.")]
    on: Annotated[bool | Unknown, Doc("A switch.")]
    near: Annotated[str | None | Unknown, Doc("A text or nothing.")]


class Thing(View, identity="name"):
    n: Annotated[int | Unknown, Doc("A number.")]
    name: Annotated[str | Unknown, Doc("A text.")]
    on: Annotated[bool | Unknown, Doc("A switch.")]
    near: Annotated[str | None | Unknown, Doc("A text or nothing.")]
    nums: Annotated[Many[int], Doc("Numbers.")]
    names: Annotated[Many[str], Doc("Texts.")]
    tags: Annotated[dict[str, str] | Unknown, Doc("Tags.")]
    items: Annotated[Many[Item], Doc("Parts.")]
    others: Annotated[Many[Item], Doc("Other parts, perhaps the same ones.")]
    best: Annotated[Item | None | Unknown, Doc("One part or none.")]


SCOPE = Scope({"t": FactType("object", view=Thing), AS_OF: TIMESTAMP})

small = st.integers(-3, 4)
word = st.sampled_from(["", "a", "b", "ab", "ba", "a1", "É", "a\n"])
maybe = st.none() | word
item_facts = st.fixed_dictionaries({"n": small, "name": word, "on": st.booleans(), "near": maybe})


@st.composite
def thing_facts(draw: st.DrawFn) -> dict[str, Any]:
    """The facts of a thing as plain data; parts with one id have the same facts everywhere."""
    parts = [draw(item_facts) | {"id": id} for id in "xyz"]
    some = st.lists(st.sampled_from(parts), max_size=3, unique_by=lambda part: part["id"])
    plain = st.fixed_dictionaries(
        {
            "n": small, "name": word, "on": st.booleans(), "near": maybe,
            "nums": st.lists(small, max_size=4), "names": st.lists(word, max_size=3),
            "tags": st.dictionaries(st.sampled_from(["k", "team"]), word),
        }
    )  # fmt: skip
    return draw(plain) | {"items": draw(some), "others": draw(some), "best": draw(st.none() | st.sampled_from(parts))}


def thing(facts: dict[str, Any]) -> Thing:
    """The object with these facts; parts with one id are one object."""
    parts: dict[str, Item] = {}

    def part(one: dict[str, Any]) -> Item:
        return parts.setdefault(one["id"], Item(**one))

    built = {name: facts[name] for name in ("n", "name", "on", "near", "tags")}
    built |= {name: tuple(facts[name]) for name in ("nums", "names")}
    built |= {name: tuple(part(one) for one in facts[name]) for name in ("items", "others")}
    return Thing(**built, best=facts["best"] and part(facts["best"]))


@st.composite
def hidden(draw: st.DrawFn, facts: dict[str, Any]) -> Thing:
    """The thing with some facts not read and some lists partly read."""
    subject = thing(facts)
    for name in ("n", "name", "on", "near", "nums", "names", "tags", "items", "others", "best"):
        value = getattr(subject, name)
        how = draw(st.integers(0, 5))
        if how == 0:
            setattr(subject, name, Unknown(f"no {name}"))
        elif how == 1 and isinstance(value, tuple):
            keep = draw(st.lists(st.booleans(), min_size=len(value), max_size=len(value)))
            known = tuple(one for one, kept in zip(value, keep, strict=True) if kept)
            setattr(subject, name, Partial(known, f"not all {name}"))
    for part in {*_known(subject.items), *_known(subject.others)}:
        for name in ("n", "name", "on", "near"):
            if draw(st.integers(0, 5)) == 0:
                setattr(part, name, Unknown(f"no {name} of {part.id}"))
    return subject


def _known(items: Any) -> tuple[Any, ...]:
    return items.known if isinstance(items, Partial) else items if isinstance(items, tuple) else ()


class Texts:
    """Random well-typed expressions as text. `objects` also draws comparisons of objects, which CEL does by value."""

    def __init__(self, draw: st.DrawFn, objects: bool) -> None:
        self.draw = draw
        self.objects = objects
        self.numbers = ["t.n"]
        self.parts: list[str] = []
        self.loops = 0

    def pick(self, *options: Any) -> Any:
        return self.draw(st.sampled_from(options))()

    def bool(self, depth: int) -> str:
        simple = (self.comparison, self.switch, self.null, self.text_test, self.entry, self.membership)
        if depth <= 0:
            return str(self.pick(*(lambda make=make: make(depth) for make in simple)))
        deep = (self.junction, self.negation, self.ternary, self.loop, self.loop, self.sets, self.sets, self.guarded)
        return str(self.pick(*(lambda make=make: make(depth - 1) for make in (*simple, *deep, *deep))))

    def switch(self, depth: int) -> str:
        return str(self.draw(st.sampled_from(["true", "false", "t.on", *(f"{part}.on" for part in self.parts)])))

    def number(self, depth: int) -> str:
        if depth <= 0 or self.draw(st.integers(0, 3)) == 0:
            names = [*self.numbers, *(f"{part}.n" for part in self.parts)]
            return str(self.draw(st.sampled_from([*names, *names, 0, 1, 2, -1, -7, 7, 9223372036854775807])))
        operator = self.draw(st.sampled_from("+-*//%%"))
        return str(self.pick(
            lambda: f"({self.number(depth - 1)} {operator} {self.number(depth - 1)})",
            lambda: f"{self.list(depth)}.size()",
            lambda: f"size({self.text()})",
        ))  # fmt: skip

    def text(self) -> str:
        options = ["t.name", '"a"', "'b'", r"'a\n'", "r'ab'", *(f"{part}.name" for part in self.parts)]
        return str(self.draw(st.sampled_from(options)))

    def comparison(self, depth: int) -> str:
        op = self.draw(st.sampled_from(["==", "!=", "<", "<=", ">", ">="]))
        if self.draw(st.booleans()):
            return f"{self.number(max(depth, 1))} {op} {self.number(depth)}"
        return f"{self.text()} {op} {self.text()}"

    def maybe(self) -> str:
        return str(self.draw(st.sampled_from(["t.near", *(f"{part}.near" for part in self.parts)])))

    def null(self, depth: int) -> str:
        op = self.draw(st.sampled_from(["==", "!="]))
        return f"{self.draw(st.sampled_from([self.maybe(), 't.best']))} {op} null"

    def text_test(self, depth: int) -> str:
        test = self.draw(st.sampled_from(["startsWith", "endsWith", "contains"]))
        pattern = self.draw(st.sampled_from(["^a", "b$", "a.", "[^b]+$", "a|b", "(ab)*$", r"\\d"]))
        return str(self.draw(st.sampled_from([
            f"{self.text()}.{test}({self.text()})", f'{self.text()}.matches("{pattern}")',
            f"{self.maybe()} == {self.text()}",
        ])))  # fmt: skip

    def entry(self, depth: int) -> str:
        key = self.draw(st.sampled_from(['"k"', '"team"']))
        return f"({key} in t.tags && t.tags[{key}] == {self.text()})"

    def membership(self, depth: int) -> str:
        options = [
            lambda: f"{self.number(0)} in {self.list(0)}",
            lambda: f"{self.text()} in t.names",
            lambda: f"{self.text()} in ['a', {self.text()}]",
            lambda: f"{self.maybe()} in ['a', 'b']",
        ]
        if self.objects and self.parts:
            options.append(lambda: f"{self.draw(st.sampled_from(self.parts))} in t.others")
        return f"({self.pick(*options)})"

    def list(self, depth: int) -> str:
        options = [lambda: "t.nums", lambda: f"[{self.number(0)}, {self.number(0)}]", lambda: f"[{self.number(0)}]"]
        if depth > 0:
            options = [lambda: f"({self.list(depth - 1)} + {self.list(depth - 1)})", *options]
            if self.loops < 2:
                options += [lambda: self.mapped(depth - 1)] * 2
                options += [lambda: self.within("t.nums", "filter", depth - 1)] * 2
        return str(self.pick(*options))

    def mapped(self, depth: int) -> str:
        return self.bound(lambda name: f"t.nums.map({name}, {self.number(depth)})", self.numbers)

    def junction(self, depth: int) -> str:
        op = self.draw(st.sampled_from([" && ", " || "]))
        return "(" + op.join(self.bool(depth) for _ in range(self.draw(st.integers(2, 3)))) + ")"

    def negation(self, depth: int) -> str:
        return f"!({self.bool(depth)})"

    def ternary(self, depth: int) -> str:
        return f"({self.bool(depth)} ? {self.bool(depth)} : {self.bool(depth)})"

    def guarded(self, depth: int) -> str:
        return str(self.draw(st.sampled_from([
            "(t.best != null && t.best.on)", "(t.best == null || t.best.n > 0)",
            "(has(t.best) && t.best.name == 'a')" if self.objects else "t.best != null",
            "(t.near != null && t.near.startsWith('a'))", "(t.best == null ? false : t.best.on)",
        ])))  # fmt: skip

    def sets(self, depth: int) -> str:
        equal = f"{self.list(depth)} {self.draw(st.sampled_from(['==', '!=']))} {self.list(0)}"
        if not self.objects:
            return f"({equal})"
        whole = f"{self.list(depth)}.containsAll({self.list(depth)})"
        meet = f"{self.list(depth)}.intersects({self.list(depth)})"
        count = f"{self.list(depth)}.distinct().size() > {self.number(0)}"
        words = f"plural({self.list(depth)}.size(), 'a', {self.text()}) == '1 a'"
        return f"({self.draw(st.sampled_from([equal, whole, meet, count, words, 't.items.intersects(t.others)']))})"

    def loop(self, depth: int) -> str:
        if self.loops >= 2:
            return self.switch(depth)
        kind = self.draw(st.sampled_from(["exists", "all", "exists_one"]))
        return self.within(self.draw(st.sampled_from(["t.nums", "t.items"])), kind, depth)

    def within(self, source: str, kind: str, depth: int) -> str:
        names = self.parts if source == "t.items" else self.numbers
        return self.bound(lambda name: f"{source}.{kind}({name}, {self.bool(depth)})", names)

    def bound(self, write: Any, names: list[str]) -> str:
        self.loops += 1
        names.append(f"v{self.loops}")
        text = write(names[-1])
        names.pop()
        self.loops -= 1
        return str(text)


@st.composite
def expressions(draw: st.DrawFn, objects: bool = False) -> str:
    """A bool expression over a thing `t`."""
    return Texts(draw, objects).bool(draw(st.sampled_from([0, 1, 1, 2, 2, 3])))
