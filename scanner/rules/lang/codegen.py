"""Terms to Python: one function per rule and one per loop, compiled without builtins.

The text consists of names made here, `repr` of nothing but small ints, and field names of the fact schema; constants
are passed in by name. Any operation on an unknown value raises, so a result that is returned is the result.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from types import CodeType
from typing import Any

from msgspec import Struct, field

from scanner.rules.lang.arithmetic import known
from scanner.rules.lang.faults import BudgetExceeded
from scanner.rules.lang.functions import IN_LIST, Function
from scanner.rules.lang.limits import MAX_STEPS
from scanner.rules.lang.terms import Apply, Const, Field, If, Items, Junction, Loop, Term, Var, text_of, variables

ALLOWED = {"len": len, "tuple": tuple, "frozenset": frozenset}
"""The builtins that the functions may use."""
EMPTY = {"exists": "False", "all": "True", "exists_one": "False", "filter": "()", "map": "()"}
BODIES = {
    "exists": ("", "if {body}: return True", "return False"),
    "all": ("", "if not {body}: return False", "return True"),
    "exists_one": ("found = 0", "if {body}: found += 1", "return found == 1"),
    "filter": ("found = []", "if {body}: found.append({member})", "return tuple(found)"),
    "map": ("found = []", "found.append({body})", "return tuple(found)"),
}
"""For each loop: what comes before, for each member, and after."""


class Meter:
    """Counts the list members that one evaluation looks at."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = MAX_STEPS

    def spend(self, items: Any) -> Any:
        """`items`, after charging for its members; UnknownValueError when it is not fully known."""
        self.left -= len(items)
        if self.left < 0:
            raise BudgetExceeded
        return items


class _Frame(Struct):
    """A loop that is being written."""

    name: str
    used: set[str] = field(default_factory=set)
    hoisted: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Sets made once before the loop: text of the list, its Python name and code."""


class Writer:
    """Writes the functions of one rule; `names` maps the variables of the language to Python names."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = dict(names)
        self.constants: dict[str, Any] = {}
        self.functions: list[str] = []
        self.frames: list[_Frame] = []
        self.levels: dict[str, int] = dict.fromkeys(self.names.values(), 0)
        self.metered = False
        self.numbers = count()

    def declare(self, name: str) -> str:
        """The Python name of a `let`, which is a local variable of the rule's function."""
        self.names[name] = self.fresh("l")
        self.levels[self.names[name]] = 0
        return self.names[name]

    def fresh(self, letter: str) -> str:
        """A Python name that is not in use."""
        return f"{letter}{next(self.numbers)}"

    def constant(self, value: Any) -> str:
        """The name under which `value` is passed in; small scalars are written out."""
        if value is None or value is True or value is False:
            return repr(value)
        name = self.fresh("c")
        self.constants[name] = value
        return name

    def reference(self, name: str) -> str:
        """`name`, noted as needed by every loop between here and where it is defined."""
        for frame in self.frames[self.levels[name] :]:
            frame.used.add(name)
        return name

    def code(self, term: Term) -> str:
        """The Python expression for `term`."""
        match term:
            case Const(value=value):
                return self.constant(value)
            case Var(name=name):
                return self.reference(self.names[name])
            case Field(base=base, name=name):
                return f"{self.code(base)}.{name}"
            case Apply():
                return self._apply(term)
            case Junction(conjunction=conjunction, terms=terms):
                return "(" + (" and " if conjunction else " or ").join(map(self.code, terms)) + ")"
            case If(test=test, yes=yes, no=no):
                return f"({self.code(yes)} if {self.code(test)} else {self.code(no)})"
            case Items(items=items):
                return "(" + "".join(f"known({self.code(item)}), " for item in items) + ")"
            case Loop():
                return self._loop(term)
        raise TypeError(f"no code for {type(term).__name__}")

    def _apply(self, term: Apply) -> str:
        function = term.function
        if function is IN_LIST:
            return self._membership(term)
        args = [self._argument(term, arg) for arg in term.args]
        if function.code:
            return function.code.format(*args)
        return f"{self.constant(function)}({', '.join(args)})"

    def _argument(self, term: Apply, arg: Term) -> str:
        """An argument; a list is charged for where the same work may be done many times over."""
        code = self.code(arg)
        if term.function.linear and arg.type.name == "list" and (self.frames or term.function.name == "+"):
            self.metered = True
            return f"spend({code})"
        return code

    def _membership(self, term: Apply) -> str:
        item, source = term.args
        if isinstance(source, Const):
            return f"({self.code(item)} in {self.constant(frozenset(source.value))})"
        if isinstance(source, Items) or not self.frames:
            return f"({self.code(item)} in {self._argument(term, source)})"
        level = max((self.levels[self.names[name]] for name in variables(source)), default=0)
        if level == len(self.frames):
            return f"({self.code(item)} in {self._argument(term, source)})"
        return f"({self.code(item)} in {self.reference(self._hoist(source, level))})"

    def _hoist(self, source: Term, level: int) -> str:
        """The name of a set that the loop at `level` makes once, so that looking into a list is not quadratic."""
        frame = self.frames[level]
        text = text_of(source)
        if text not in frame.hoisted:
            inner, self.frames = self.frames[level:], self.frames[:level]
            code = self.code(source)
            self.frames.extend(inner)
            frame.used.update(self.names[name] for name in variables(source))
            name = self.fresh("h")
            self.levels[name] = level + 1
            frame.hoisted[text] = (name, f"frozenset(spend({code}))")
        return frame.hoisted[text][0]

    def _loop(self, term: Loop) -> str:
        source = self.code(term.source)
        self.metered = True
        variable = self.fresh("v")
        self.names[term.variable] = variable
        frame = _Frame(variable)
        self.levels[variable] = len(self.frames) + 1
        self.frames.append(frame)
        body = self.code(term.body)
        self.frames.pop()
        if term.kind == "map":
            body = f"known({body})"
        return self._function(term, frame, source, body)

    def _function(self, term: Loop, frame: _Frame, source: str, body: str) -> str:
        """Adds the function of a loop and returns the call."""
        own = {frame.name, *(name for name, _ in frame.hoisted.values())}
        captured = sorted(frame.used - own)
        name = f"loop{len(self.functions)}"
        before, each, after = BODIES[term.kind]
        lines = [
            f"def {name}({', '.join(('items', *captured))}):",
            f"  if not spend(items): return {EMPTY[term.kind]}",
            *(f"  {made} = {code}" for made, code in frame.hoisted.values()),
            *([f"  {before}"] if before else []),
            f"  for {frame.name} in items:",
            "    " + each.format(body=body, member=frame.name),
            f"  {after}",
        ]
        self.functions.append("\n".join(lines))
        return f"{name}({', '.join((source, *captured))})"


class Code(Struct, frozen=True):
    """A function as bytecode with the constants that it names; it can be pickled."""

    code: CodeType
    constants: dict[str, Any]

    def function(self) -> Any:
        """The function, with a meter of its own."""
        values = {name: one.run if isinstance(one, Function) else one for name, one in self.constants.items()}
        meter = Meter()
        namespace = {"__builtins__": {}, "meter": meter, "spend": meter.spend, "known": known, **ALLOWED, **values}
        exec(self.code, namespace)  # noqa: S102  (made of our own names and schema fields only)
        return namespace["rule"]

    def __reduce__(self) -> tuple[Callable[..., Code], tuple[bytes, dict[str, Any]]]:
        return restored, (marshal.dumps(self.code), self.constants)


def restored(code: bytes, constants: dict[str, Any]) -> Code:
    """The Code that was pickled."""
    return Code(marshal.loads(code), constants)  # noqa: S302  whoever unpickles it trusts it


def compiled(writer: Writer, parameters: Sequence[str], body: Sequence[str]) -> Code:
    """The code of the function `rule(*parameters)` with these lines as its body."""
    start = [f"  meter.left = {MAX_STEPS}"] if writer.metered else []
    lines = [f"def rule({', '.join(parameters)}):", *start, *(f"  {line}" for line in body)]
    text = "\n".join((*writer.functions, *lines))
    return Code(compile(text, "<rule>", "exec"), writer.constants)
