"""Promises about the code itself: who may import what, and that only the command line touches the outside."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SCANNER = ROOT / "scanner"
MODULES = sorted(SCANNER.rglob("*.py"))

OWNERS = {
    "boto3": ("collect", "export", "demo"),
    "botocore": ("collect", "export", "demo"),
    "moto": ("demo",),
    "networkx": ("graph",),
    "rich": ("cli", "report"),
    "click": ("cli",),
    "jinja2": ("report",),
    "sqlite3": ("store",),
    "sqlalchemy": ("store",),
    "zstandard": ("store",),
    "yaml": ("rules", "cli"),
}
"""Packages that only some of ours may import."""

ENVIRONMENT = {
    "print",
    "input",
    "breakpoint",
    "sys.exit",
    "os._exit",
    "os.environ",
    "os.getenv",
    "os.getcwd",
    "Path.cwd",
}
EXCEPTIONS = {"collect/checkov.py": {"os.environ"}}
"""checkov is a program of its own, which is started with the environment of this one."""
CLOCKS = {
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
    "time.time",
    "time.time_ns",
    "random.random",
}


def module_id(path: Path) -> str:
    return str(path.relative_to(ROOT))


def package_of(path: Path) -> str:
    return path.relative_to(SCANNER).parts[0]


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def mentions(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Names that are called or read, as far as they are written out: `print`, `os.environ`, `datetime.now`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id, node.lineno
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield f"{node.value.id}.{node.attr}", node.lineno


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


@pytest.mark.parametrize("path", MODULES, ids=module_id)
def test_each_library_stays_with_its_owners(path: Path) -> None:
    for imported in imports(parsed(path)):
        owners = OWNERS.get(imported.partition(".")[0])
        assert owners is None or package_of(path) in owners, f"{imported} belongs to {owners}"


# The demo estate plays AWS, which has a clock of its own.
@pytest.mark.parametrize("path", [path for path in MODULES if package_of(path) not in ("cli", "demo")], ids=module_id)
def test_only_the_command_line_prints_exits_and_reads_clock_and_environment(path: Path) -> None:
    forbidden = (ENVIRONMENT | CLOCKS) - EXCEPTIONS.get(str(path.relative_to(SCANNER)), set())
    assert [(name, line) for name, line in mentions(parsed(path)) if name in forbidden] == []


@pytest.mark.parametrize("path", MODULES, ids=module_id)
def test_every_module_says_its_job_in_its_first_line(path: Path) -> None:
    assert ast.get_docstring(parsed(path))


def test_the_command_line_starts_without_what_it_does_not_need() -> None:
    timed = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "scanner", "--help"], capture_output=True, text=True, check=True
    )
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in timed.stderr.splitlines() if "|" in line}
    assert "click" in loaded
    assert not loaded & {*OWNERS, "jsonschema", "msgspec"} - {"click"}
