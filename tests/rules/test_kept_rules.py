"""What was checked of the shipped rules is kept beside them, and holds for nothing else."""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2]
TITLE = "Automatic rotation is off"


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A copy of the package with its rules."""
    for name in ("scanner", "policies"):
        shutil.copytree(PACKAGE / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def listed(installed: Path, **environment: str) -> str:
    return ran(installed, "-m", "scanner", "rules", "list", **environment)


def ran(installed: Path, *arguments: str, **environment: str) -> str:
    usual = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COVERAGE"))}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=installed,
        env={**usual, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def kept(installed: Path) -> list[Path]:
    return sorted((installed / "policies" / "__pycache__").glob("*"))


def mark(installed: Path, sealed: bool = True) -> None:
    """Write another title into what is kept, which holds for the same rules and code."""
    for path in kept(installed):
        content = path.read_bytes()
        marked = content[64:].replace(TITLE.encode(), TITLE.upper().encode())
        path.write_bytes(content[:32] + (sha256(marked).digest() if sealed else content[32:64]) + marked)


def test_a_second_run_reads_what_the_first_has_kept(installed: Path) -> None:
    first = listed(installed)
    assert [path.name.split(".")[0] for path in kept(installed)] == ["frameworks", "rules"]
    mark(installed)
    second = listed(installed)
    assert TITLE in first
    assert TITLE.upper() in second
    assert second.replace(TITLE.upper(), TITLE) == first


def test_a_changed_rule_is_read_again(installed: Path) -> None:
    listed(installed)
    rule = next((installed / "policies").rglob("key-rotation-off.yaml"))
    status = rule.stat()
    rule.write_text(rule.read_text().replace(TITLE, TITLE.upper()))
    os.utime(rule, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert TITLE.upper() in listed(installed)


def test_a_rule_that_came_or_went_is_seen(installed: Path) -> None:
    listed(installed)
    next((installed / "policies").rglob("key-rotation-off.yaml")).unlink()
    assert TITLE not in listed(installed)


def test_changed_code_checks_the_rules_again(installed: Path) -> None:
    listed(installed)
    before = [path.read_bytes()[:32] for path in kept(installed)]
    views = installed / "scanner" / "graph" / "views.py"
    views.write_text(views.read_text() + "\n# changed\n")
    listed(installed)
    assert all(path.read_bytes()[:32] != old for path, old in zip(kept(installed), before, strict=True))


def test_code_that_changed_while_it_ran_keeps_nothing_for_the_new_code(installed: Path) -> None:
    changed = "checker = Path('scanner/rules/lang/checker.py'); checker.write_text(checker.read_text() + '# changed')"
    load = "load_rules([find_policies()], Settings())"
    imports = (
        "from pathlib import Path",
        "from scanner.model.settings import Settings",
        "from scanner.rules.load import load_rules",
        "from scanner.rules.source import find_policies",
    )
    ran(installed, "-c", "\n".join((*imports, changed, load)))
    mark(installed)
    assert TITLE in listed(installed)


@pytest.mark.parametrize(("left", "added"), [(5000, b""), (0, b""), (32, b"x")])
def test_a_damaged_file_is_made_anew(installed: Path, left: int, added: bytes) -> None:
    first = listed(installed)
    whole = [path.read_bytes() for path in kept(installed)]
    for path, content in zip(kept(installed), whole, strict=True):
        path.write_bytes(content[:left] + added)
    assert listed(installed) == first
    assert [path.read_bytes()[:32] for path in kept(installed)] == [content[:32] for content in whole]


def test_what_changed_within_a_kept_file_is_not_believed(installed: Path) -> None:
    first = listed(installed)
    mark(installed, sealed=False)
    assert listed(installed) == first


def test_a_file_that_cannot_be_kept_leaves_nothing_behind(installed: Path) -> None:
    names = [f"{what}.{sys.implementation.cache_tag}.pickle" for what in ("frameworks", "rules")]
    for name in names:
        (installed / "policies" / "__pycache__" / name).mkdir(parents=True)
    assert TITLE in listed(installed)
    assert [path.name for path in kept(installed)] == names


@pytest.mark.parametrize("environment", [{"PYTHONDONTWRITEBYTECODE": "1"}, {"PYTHONPYCACHEPREFIX": "elsewhere"}])
def test_nothing_is_kept_where_python_keeps_no_bytecode(installed: Path, environment: dict[str, str]) -> None:
    assert TITLE in listed(installed, **environment)
    assert kept(installed) == []


def test_rules_of_somebody_else_are_never_kept(installed: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    shutil.copytree(installed / "policies", own)
    assert TITLE in listed(installed, KEYPROOF_POLICIES=str(own))
    assert not (own / "__pycache__").exists()


def test_rules_of_somebody_else_are_enough(installed: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    (installed / "policies").rename(own)
    assert TITLE in listed(installed, KEYPROOF_POLICIES=str(own))


def test_what_lies_in_a_folder_of_somebody_else_is_never_unpickled(installed: Path, tmp_path: Path) -> None:
    own, proof = tmp_path / "own", tmp_path / "proof"
    listed(installed)
    shutil.copytree(installed / "policies", own)
    for path in (own / "__pycache__").glob("*"):
        harm = pickle.dumps(_Touch(proof))
        path.write_bytes(path.read_bytes()[:32] + sha256(harm).digest() + harm)
    listed(installed, KEYPROOF_POLICIES=str(own))
    assert not proof.exists()


class _Touch:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self.path,)
