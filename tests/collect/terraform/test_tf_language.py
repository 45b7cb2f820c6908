"""Templates and functions of the language, each with what Terraform 1.15 makes of it."""

from typing import Any

import pytest

from scanner.collect.terraform.evaluation.expressions import Budget, Evaluator, NoNames, TooMuch
from scanner.collect.terraform.evaluation.parsing import expression
from scanner.collect.terraform.evaluation.values import EvaluationError, Unknown

LOCALS = {"l": ["a", "b"], "m": {"k1": "v1", "k2": "v2"}, "t": True, "f": False, "n": 3, "s": "a text", "e": []}


def evaluate(text: str) -> Any:
    return Evaluator(NoNames(), Budget(), {"local": LOCALS, "open": Unknown("open")}).of(expression(text))


TEMPLATES: list[tuple[str, Any]] = [
    ('"a %{ if local.t ~} yes ${local.s} %{ else } no %{ endif } b"', "a yes a text  b"),
    ('"a %{ if local.f } yes %{ else ~}   no %{ endif } b"', "a no  b"),
    ('"%{ for k, v in local.m }${k}=${v},%{ endfor }"', "k1=v1,k2=v2,"),
    ('"%{ for v in local.l ~} ${v} %{~ endfor }"', "ab"),
    ('"%{ if local.f }x%{ endif }"', ""),
    ("<<EOT\n%{ for x in local.l ~}\n  server ${x}\n%{ endfor ~}\nend\nEOT", "  server a\n  server b\nend\n"),
    (
        (
            "<<-EOT\n"
            "  {\n"
            "    %{ if local.t ~}\n"
            '    "a": "${local.s}",\n'
            "    %{ endif ~}\n"
            '    "b": [\n'
            "      %{ for i, x in local.l ~}\n"
            '      "${x}"%{ if i < 1 },%{ endif }\n'
            "      %{ endfor ~}\n"
            "    ]\n"
            "  }\n"
            "EOT"
        ),
        '{\n      "a": "a text",\n      "b": [\n          "a",\n          "b"\n        ]\n}\n',
    ),
    ("<<EOT\na\n  %{~ if local.t }\n\n  yes\n  %{~ else ~}\n no\n  %{ endif ~}\n\n   z\nEOT", "a\n\n\n  yes\n\n   z\n"),
    ("<<EOT\nx ${~ local.s ~}\n   y\nEOT", "xa text   y\n"),
    ("<<EOT\n%%{ if } $${x}\nEOT", "%{ if } ${x}\n"),
    ('"%{ if local.t }%{ for a in local.l }%{ if a == "a" }A%{ else }-%{ endif }%{ endfor }%{ endif }"', "A-"),
    ('jsonencode({ a = "%{ if local.t }x%{ endif }" })', '{"a":"x"}'),
    (
        "<<-EOT\n    a\n\n  b\n      ${local.s}\n    %{ if local.t }\n    x\n    %{ endif }\nEOT",
        "  a\n\nb\n    a text\n  \n  x\n  \n",
    ),
    ("<<-EOT\n\ta\n\t  b\nEOT", "a\n  b\n"),
    ("<<-EOT\n    a\n${local.s}\n    b\nEOT", "    a\na text\n    b\n"),
    ("<<-EOT\n    a $${x}\n     b\nEOT", "a ${x}\n b\n"),
    ("<<-EOT\n    a\n   \n      \n    b\nEOT", "a\n   \n      \nb\n"),
    ("<<EOT\nEOT", ""),
    ("<<-EOT\n\n  a\nEOT", "\na\n"),
    ('"x ${ local.t ? "y" : "z" } %{ if local.s == "a text" }t%{ endif }"', "x y t"),
]

FUNCTIONS: list[tuple[str, Any]] = [
    ('jsonencode({ b = 1, a = { d = 2.0, c = "\u2028<" } })', '{"a":{"c":"\\u2028\\u003c","d":2},"b":1}'),
    ("local.l[1.0]", "b"),
    ('base64encode("ä b")', "w6QgYg=="),
    ('base64decode("w6QgYg==")', "ä b"),
    ('base64sha256("x")', "LXEWQrcmsEQBYnyp+6wy9chTD7GQPMTbAiWHF5IaSIE="),
    ('sha256("x")', "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"),
    ('sha1("x")', "11f6ad8ec52a2984abaafd7c3b516503785c2072"),
    ('md5("x")', "9dd4e461268c8034f5c8564e155c67a6"),
    ('basename("foo/bar/")', "bar"),
    ('basename("foo/bar")', "bar"),
    ('dirname("foo/bar")', "foo"),
    ('dirname("foo")', "."),
    ('dirname("/foo/bar/")', "/foo/bar"),
    ('chomp("a\\n\\n")', "a"),
    ('chomp("a\\r\\n")', "a"),
    ('indent(2, "a\\nb\\nc")', "a\n  b\n  c"),
    ('title("hello wOrld-foo_bar b2b")', "Hello WOrld-Foo_bar B2b"),
    ('strrev("abc")', "cba"),
    ('strcontains("abc", "b")', True),
    ('urlencode("a b/c?d=ä&~-_.!\'()*")', "a+b%2Fc%3Fd%3D%C3%A4%26~-_.%21%27%28%29%2A"),
    ("range(3)", [0, 1, 2]),
    ("range(1, 8, 2)", [1, 3, 5, 7]),
    ("range(3, 0)", [3, 2, 1]),
    ("range(1, 4)", [1, 2, 3]),
    ("sum([1, 2.5])", 3.5),
    ('index(["a", "b"], "b")', 1),
    ('transpose({ a = ["1", "2"], b = ["2"] })', {"1": ["a"], "2": ["a", "b"]}),
    ('csvdecode("a,b\\n1,2\\n3,\\"x y\\"")', [{"a": "1", "b": "2"}, {"a": "3", "b": "x y"}]),
    ('parseint("ff", 16)', 255),
    ('parseint("-12", 10)', -12),
    ("signum(-3)", -1),
    ("ceil(1.2)", 2),
    ("floor(-1.2)", -2),
    ("abs(-2)", 2),
    ('chunklist(["a", "b", "c"], 2)', [["a", "b"], ["c"]]),
    ('setproduct(["a", "b"], ["c", "d"])', [["a", "c"], ["a", "d"], ["b", "c"], ["b", "d"]]),
    ('formatlist("%s-%s", ["a", "b"], "x")', ["a-x", "b-x"]),
    ('formatlist("%d:%s", [1, 2], ["a", "b"])', ["1:a", "2:b"]),
    ('dirname("")', "."),
    ('basename("")', "."),
    ('basename("/")', "/"),
    ('setproduct(["a", "b"], [])', []),
    ('title("éa straße x")', "Éa Straße X"),
    ('formatlist("%s", local.e)', []),
    ('formatlist("x")', ["x"]),
    ('strrev("añb")', "bña"),
    ("range(0)", []),
    ("floor(3)", 3),
    ('replace("a.b", ".", "-")', "a-b"),
    ("title(\"a-b c.d (x) 'y' 1a\")\n", "A-B C.D (X) 'Y' 1a"),
]


@pytest.mark.parametrize(("text", "value"), TEMPLATES)
def test_a_template_comes_to_the_text_that_terraform_makes(text: str, value: Any) -> None:
    assert evaluate(text) == value


@pytest.mark.parametrize(("text", "value"), FUNCTIONS)
def test_a_function_gives_what_it_gives_in_terraform(text: str, value: Any) -> None:
    assert evaluate(text) == value


@pytest.mark.parametrize(
    "text",
    [
        '"%{ if true }a"',
        '"%{ endif }"',
        '"%{ for x in local.l }%{ endif }"',
        '"%{ if true }%{ else }%{ else }%{ endif }"',
        '"%{ for x in local.l }%{ else }%{ endfor }"',
        "<<E\n%{ when x }\nE\n",
        '"%{ if "maybe" }a%{ endif }"',
        "range(1, 2, 0)",
        "range(1, 2, -1)",
        'index(["a"], "b")',
        "sum([])",
        'base64decode("!")',
        'parseint("z", 10)',
        'formatlist("%s%s", ["a"], ["b", "c"])',
    ],
)
def test_what_terraform_refuses_is_refused(text: str) -> None:
    with pytest.raises(EvaluationError):
        evaluate(text)


@pytest.mark.parametrize(
    "text",
    [
        "sha256(open)",
        'base64encode("x${open}")',
        'formatlist("%s", open)',
        "setproduct(local.l, open)",
        "chunklist(open, 1)",
        "range(2000)",
        'indent(1000000, join(chomp("\\n"), ["a\\nb\\nc"]))',
        'yamldecode("a: 1")',
        'regex("a", "a")',
    ],
)
def test_what_cannot_be_worked_out_is_unknown(text: str) -> None:
    assert isinstance(evaluate(text), Unknown)


def test_parts_that_are_open_stay_where_they_are() -> None:
    assert evaluate('chunklist(["a", open, "c"], 2)') == [["a", Unknown("open")], ["c"]]
    assert evaluate('formatlist("%s!", ["a", open])') == ["a!", Unknown("open")]
    assert evaluate('setproduct([open], ["b"])') == [[Unknown("open"), "b"]]


LONG = 'join("", [for x in range(1024): "0123456789"])'
MANY = "flatten([for x in range(40): [for y in range(40): [x * 1000 + y]]])"


@pytest.mark.parametrize(
    "text",
    [
        f'replace({LONG}, "0", {LONG})',
        f'formatlist("%s%s", range(1024), {LONG})',
        f"join({LONG}, [for x in range(1024): tostring(x)])",
        'csvdecode(join("\\n", [join(",", range(1024)), join("\\n", range(1024)), "a\\nb\\n"]))',
        'distinct([for x in range(1024): ["${x}"]])',
        "*".join(["99999999999999999999"] * 9),
    ],
)
def test_what_would_take_too_much_room_is_unknown(text: str) -> None:
    assert "too large" in evaluate(text).reason


@pytest.mark.parametrize(
    "text",
    [
        f"[for x in range(1024): title({LONG})]",
        f"[for x in range(1024): {LONG}]",
        f"[for x in range(1024): contains({MANY}, x)]",
        "[for a in range(99): [for b in range(99): [for c in range(99): a]]]",
    ],
)
def test_what_would_take_too_long_ends(text: str) -> None:
    with pytest.raises(TooMuch):
        evaluate(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("setintersection([for x in range(1024): tostring(x)], reverse([for x in range(1024): tostring(x)]))", 1024),
        ('distinct([for x in range(1024): "${x % 7}"])', 7),
        ('setsubtract([["a"], ["b"], "c"], [["b"]])', 2),
        ('toset([1, "1", true, 1])', 3),
    ],
)
def test_members_of_lists_are_told_apart(text: str, value: int) -> None:
    assert len(evaluate(text)) == value


@pytest.mark.parametrize(
    "text", ["9" * 5000, f"-{'9' * 5000}", f"local.l[{'9' * 5000}]", f"local.l.{'9' * 5000}", "1e999"]
)
def test_a_number_that_is_too_long_is_not_worked_out(text: str) -> None:
    assert isinstance(evaluate(text), Unknown)
