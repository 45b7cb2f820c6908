"""What is wrong with an expression is said before a scan, at its place, with the nearest right thing."""

from __future__ import annotations

import pytest

from scanner.graph.views import Key, Store
from scanner.model.facttypes import FactType
from scanner.rules.lang.checker import Scope, check
from scanner.rules.lang.faults import ExpressionError
from scanner.rules.lang.terms import AS_OF, BOOL, TIMESTAMP

SCOPE = Scope(
    {"key": FactType("object", view=Key), "store": FactType("object", view=Store), AS_OF: TIMESTAMP},
    {"days": (FactType("int"), 30), "states": (FactType("list", FactType("string")), ("Enabld",))},
)

# expression, the marked part, words of the message, words of the help
WRONG = [
    ('key.origni == "AWS_KMS"', "origni", "Key has no field `origni`", "did you mean `origin`?"),
    ('kye.origin == "AWS_KMS"', "kye", "unknown name `kye`", "did you mean `key`?"),
    ('key.origin == "CLOUDHSM"', '"CLOUDHSM"', '`origin` is never "CLOUDHSM"', "did you mean `AWS_CLOUDHSM`?"),
    ('key.state == "enabled"', '"enabled"', '`state` is never "enabled"', "did you mean `Enabled`?"),
    ('key.state in ["Enabled", "Dead"]', '["Enabled", "Dead"]', '`state` is never "Dead"', ""),
    ("key.state in params.states", "params.states", '`state` is never "Enabld"', "did you mean `Enabled`?"),
    ("key.store.name == 'x'", "name", "`key.store` may be null, so `.name` can fail",
     "guard it: `key.store != null && ...`"),
    ("key.store == null || key.store.cluster.id == 'x'", "id", "`key.store.cluster` may be null", "guard it"),
    ("key.store == null && key.store.name == 'x'", "name", "`key.store` may be null", "guard it"),
    ("key.store != null || key.store.name == 'x'", "name", "`key.store` may be null", "guard it"),
    ("key.rotation_enabled", "key.rotation_enabled", "this may be null", "compare it: `== true`"),
    ("!key.rotation_enabled", "key.rotation_enabled", "this may be null, which `!` does not take", "guard it"),
    ("key.rotation_period_days > 90", "key.rotation_period_days", "this may be null, which `>` does not take",
     "guard it: `key.rotation_period_days != null && ...`"),
    ("key.arn == null", "key.arn", "this is never null", "leave the comparison out"),
    ("key.arn == 5", "key.arn == 5", "`==` cannot compare string with int",
     'a string is written `"..."`'),
    ('key.created < "2026"', 'key.created < "2026"', "`<` cannot compare timestamp with string",
     'a timestamp is written `timestamp("2026-01-31T00:00:00Z")`'),
    ("key.arn < 5", "key.arn < 5", "`<` cannot compare string with int", ""),
    ("1 + 1.0 > 1.0", "1 + 1.0", "`+` cannot combine int with double", ""),
    ("key.aliases", "key.aliases", "this is list<string>, not bool", ""),
    ("key.arn && true", "key.arn", "this is string, not bool", "compare it: `key.arn == ...`"),
    ('key.arn in key.users', "key.arn in key.users", "`in` looks for string in list<Access>", "xs.exists"),
    ("key.users == key.admins", "key.users == key.admins", "lists of objects cannot be compared", "xs.intersects(ys)"),
    ("key.tags == key.tags", "key.tags == key.tags", "maps cannot be compared", ""),
    ('key.tags["a"] == "b"', '"a"', "this entry may be missing", 'guard it: `"a" in key.tags && ...`'),
    ('key.tags.a == "b"', "a", "map<string, string> has no fields", 'write `["a"]`'),
    ("key.aliases[0] == 'x'", "0", "list<string> cannot be indexed", "use `exists`"),
    ("key.aliases.size() = 1", "=", "unexpected character `=`", "use `==` to compare"),
    ("key.arn == 'x' and true", "and", "unexpected `and` after the expression", "use `&&`"),
    ("not true", "not", "unexpected `not` where a value belongs", "use `!`"),
    ("true & false", "&", "unexpected character `&`", "use `&&`"),
    ("key.aliases.exist(a, true)", "exist", "unknown function `exist`", "did you mean `exists`?"),
    ("key.aliases.exists(a)", "exists(a)", "`exists` takes a variable and an expression", "write `exists(x, ...)`"),
    ("key.aliases.exists(key, true)", "key", "`key` is already in use", "choose another name"),
    ("key.arn.exists(a, true)", "exists(a, true)", "`exists` needs a list, not string", ""),
    ("matches(key.arn, 'x')", "matches", "unknown function `matches`", "write `x.matches(...)`"),
    ("key.created.age() > days(1)", "age", "unknown function `age`", "write `age(...)`"),
    ("int('5') == 5", "int", "unknown function `int`", "numbers are not converted"),
    ("key.arn.matches('(a')", "'(a'", "bad regular expression", ""),
    (r"key.arn.matches(r'(a)\1')", r"r'(a)\1'", "groupref is not part of the language", ""),
    ("key.arn.matches('(?=a)')", "'(?=a)'", "assert is not part of the language", ""),
    ("key.arn.matches('(a+)+$')", "'(a+)+$'", "could take too long", ""),
    ("key.arn.matches('(a|a)*$')", "'(a|a)*$'", "could take too long", ""),
    ("key.arn.matches('.*a.*b.*c')", "'.*a.*b.*c'", "could take too long", ""),
    ("key.arn.matches('" + "a?" * 40 + "a')", None, "could take too long", ""),
    ("key.arn.matches(key.label)", "key.label", "a regular expression must be a constant", ""),
    ("age(key.arn) > days(1)", "age(key.arn)", "`age` does not take (string)", "age(timestamp) -> duration"),
    ("age(key.deletion_date) > days(1)", "key.deletion_date", "this may be null, which `age` does not take",
     "guard it"),
    ("timestamp('2026-01-01T00:00:00') < as_of", "timestamp('2026-01-01T00:00:00')", "needs its offset",
     "end it with `Z`"),
    ("timestamp('soon') < as_of", "timestamp('soon')", "`timestamp` fails", ""),
    ("timestamp(key.arn) < as_of", "timestamp(key.arn)", "`timestamp` takes a constant", ""),
    ("params.dais == 1", "dais", "no parameter `dais`", "did you mean `days`?"),
    ("params", "params", "name one parameter: `params.x`", ""),
    ("1u == 1", "1u", "not a number: `1u`", ""),
    ("b'x' == 'x'", "b'x'", "no string has the prefix `b`", ""),
    ("'a' == 'b", "'", "unexpected character `'`", "close the string"),
    (r"'\q' == 'a'", r"\q", r"unknown escape `\q`", ""),
    ("9223372036854775808 > 0", "9223372036854775808", "does not fit in 64 bits", ""),
    ("{'a': 1} == {}", "{", "unexpected character `{`", "maps and objects cannot be written"),
    ("[1, 'a'].size() == 2", "'a'", "this is string, the others are int", ""),
    ("true ? 1 : 'a'", "'a'", "this is string, the others are int", ""),
    ("key.", "", "the expression ends too early", ""),
    ("", "", "the expression ends too early", ""),
    ("(true", "", "the expression ends too early", ""),
    ("true)", ")", "unexpected `)` after the expression", ""),
    ("has(key)", "has(key)", "`has` takes one field", ""),
    ("key.__class__ == key.arn", "__class__", "Key has no field `__class__`", ""),
    ("key.load_lazy == key.arn", "load_lazy", "Key has no field `load_lazy`", ""),
    ("key.for == 'a'", "for", "Key has no field `for`", ""),
    ("while == 1", "while", "unexpected `while` where a value belongs", ""),
]  # fmt: skip

RIGHT = [
    "key.store != null && key.store.name == 'x'",
    "key.store == null || key.store.name == 'x'",
    "!(key.store == null) && key.store.name == 'x'",
    "!(key.store == null || key.store.name == 'x') && key.store.name == 'y'",
    "key.store == null ? true : key.store.name == 'x'",
    "has(key.store) && key.store.name == 'x'",
    "key.store != null && key.store.cluster != null && key.store.cluster.id == 'x'",
    "key.store != null && key.store.keys.all(k, key.store.name == 'x' && k.arn != '')",
    "key.rotation_period_days == 90 && key.rotation_period_days < 100",
    "key.primary_arn in ['a'] && key.primary_arn.startsWith('a')",
    "key.rotation_enabled == true",
    '"a" in key.tags && key.tags["a"] == "b"',
    'key.aliases.all(a, a in key.tags && key.tags[a] == "b")',
    "age(key.created) > days(params.days) || as_of - key.created > days(1)",
    "key.users.exists(u, u in key.admins && u.account == key.account)",
    "arn(key.arn).account == key.account",
    "key.users.map(u, u.arn).intersects(['a']) || key.users.intersects(key.admins)",
    r"key.label.matches('^alias/[a-z]+(-[a-z]{2,8})?$') // a comment",
    "key.users.filter(u, !u.certain).map(u, u.arn).distinct().join(', ') == ''",
    "-5 / 2 == -2 && 5 % -3 == 2 && 0x10 == 16 && 1e3 > .5",
]


@pytest.mark.parametrize(("text", "marked", "message", "help"), WRONG, ids=[row[0][:60] for row in WRONG])
def test_a_slip_is_an_error_at_its_place(text: str, marked: str | None, message: str, help: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        check(text, SCOPE, expected=BOOL)
    assert message in caught.value.message
    assert help in caught.value.help
    if marked is not None:
        assert text[caught.value.start : caught.value.end] == marked


@pytest.mark.parametrize("text", RIGHT)
def test_a_guarded_expression_is_accepted(text: str) -> None:
    assert check(text, SCOPE, expected=BOOL).type == BOOL


HOSTILE = {
    "long": "true && " * 2000 + "true",
    "parentheses": "(" * 3000 + "true" + ")" * 3000,
    "deep parentheses": "(" * 100 + "true" + ")" * 100,
    "not chain": "!" * 3000 + "true",
    "minus chain": "1 == " + "- " * 1500 + "1",
    "ternary chain": "true ? " * 500 + "true" + " : true" * 500,
    "sum": "1" + "+1" * 1500 + " == 1",
    "lists": "[" * 1000 + "]" * 1000 + ".size() == 0",
    "members": "key" + ".arn" * 900,
    "indexes": "key" + "[key" * 900,
    "loops": "key.aliases.all(a, key.aliases.all(b, key.aliases.all(c, key.aliases.all(d, true))))",
    "many parts": "[" + "1," * 1990 + "1," * 40 + "].size() == 1",
    "digits": "1" * 4000 + " == 1",
    "huge text": "'" + "x" * 5000 + "' == ''",
    "nul": "true \x00",
    "unicode name": "kéy.arn == ''",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_expression_is_a_clean_error(text: str) -> None:
    with pytest.raises(ExpressionError):
        check(text, SCOPE, expected=BOOL)
