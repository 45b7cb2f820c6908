"""What is shipped: the wheel with its rules and schemas, locked packages, and no host of any registry in the tree."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
REGISTRIES = ("pypi" + ".org", "pythonhosted" + ".org", "npmjs" + ".org", "npmjs" + ".com", "proxy.golang" + ".org")
LOCKS = ("requirements.txt", "requirements-dev.txt", "requirements-setup.txt")


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_no_file_names_the_host_of_a_registry() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {host}"
        for path in tracked()
        for host in REGISTRIES
        if host.encode() in path.read_bytes()
    ]
    assert found == []


def test_no_lock_file_that_carries_hosts_is_in_the_tree() -> None:
    assert [path.name for path in tracked() if re.fullmatch(r"uv\.lock|pylock.*\.toml", path.name)] == []


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_has_its_hashes(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    entries = re.split(r"\n(?=[a-z0-9])", text.partition("\n")[2])
    packages = [entry for entry in entries if re.match(r"[A-Za-z0-9._-]+==", entry)]
    assert packages
    assert [entry.splitlines()[0] for entry in packages if "--hash=sha256:" not in entry] == []


def test_every_dependency_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    locked = {
        name: set(re.findall(r"^([A-Za-z0-9._-]+)==", (ROOT / name).read_text("utf-8"), re.MULTILINE)) for name in LOCKS
    }
    needed = {
        "requirements.txt": [*project["project"]["dependencies"], *project["project"]["optional-dependencies"]["demo"]],
        "requirements-dev.txt": [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]],
        "requirements-setup.txt": project["dependency-groups"]["setup"],
    }
    for file, requirements in needed.items():
        names = {re.split(r"[\[<>=~!; ]", requirement)[0].lower() for requirement in requirements}
        assert names <= locked[file], file


def test_both_locks_agree_on_versions() -> None:
    def versions(name: str) -> set[str]:
        return set(re.findall(r"^[A-Za-z0-9._-]+==[^\s;\\]+", (ROOT / name).read_text("utf-8"), re.MULTILINE))

    assert versions("requirements.txt") <= versions("requirements-dev.txt")


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("wheel")
    build = "from hatchling.build import build_wheel; import sys; build_wheel(sys.argv[1])"
    subprocess.run([sys.executable, "-c", build, str(directory)], cwd=ROOT, check=True, capture_output=True)
    (built,) = directory.glob("*.whl")
    return built


def test_the_wheel_holds_rules_schemas_and_type_marker(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    rules = {f"scanner/_{path.relative_to(ROOT)}" for path in tracked() if path.is_relative_to(ROOT / "policies")}
    assert rules == {name for name in names if name.startswith("scanner/_policies/")}
    assert {"scanner/py.typed", "scanner/cli/settings.schema.json"} <= names


def test_the_wheel_holds_every_file_of_the_package_and_nothing_of_the_tests(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    sources = {str(path.relative_to(ROOT)) for path in tracked() if path.is_relative_to(ROOT / "scanner")}
    assert sources <= names
    assert not [name for name in names if not name.startswith(("scanner/", "keyproof-"))]


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new environment with the wheel alone; what it depends on is borrowed from this one."""
    home = tmp_path_factory.mktemp("installed")
    venv.create(home, with_pip=False)
    (purelib,) = home.glob("lib/python3.*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(purelib)
    ours = Path(subprocess.__file__).parent
    borrowed = [path for path in sys.path if path.endswith("site-packages") and Path(path) != ours]
    # Plain paths: the `.pth` files there, and so the editable install of this tree, are not followed.
    (purelib / "borrowed.pth").write_text("\n".join(borrowed) + "\n", encoding="utf-8")
    return home


def keyproof(installed: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [str(installed / "bin" / "python"), "-m", "scanner", *arguments]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, env=environment)


def test_the_installed_wheel_runs_from_any_directory(installed: Path, tmp_path: Path) -> None:
    where = subprocess.run(
        [str(installed / "bin" / "python"), "-c", "import scanner; print(scanner.__file__)"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert where.stdout.startswith(str(installed))
    assert keyproof(installed, "--version", cwd=tmp_path).stdout.startswith("keyproof ")


def test_the_installed_wheel_finds_its_rules(installed: Path, tmp_path: Path) -> None:
    listed = keyproof(installed, "rules", "list", cwd=tmp_path)
    assert (listed.returncode, listed.stderr) == (0, "")
    for path in (ROOT / "policies").glob("*/*.yaml"):
        if path.parent.name != "frameworks":
            assert path.stem in listed.stdout
