"""Runs checkov as a separate program on a plan, or reads a report that it wrote earlier.

checkov pins old versions of boto3 and networkx, so it lives in an environment of its own and is never imported.
Whatever goes wrong with it is said in words; it never costs the report, and its silence is never "clean".
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import msgspec
from msgspec import Struct, field

from scanner.collect.checkov_checks import CHECKS
from scanner.errors import SourceError, UsageError

VERSION = "3.3.30"
BUDGET = 60.0
"""Seconds that a run may take beyond our own work."""
MOST_RESOURCES = 3_000
"""Beyond this many, checkov's time grows with the square of the plan (2,000 resources: 28 s of CPU)."""

PASSED, FAILED = "PASSED", "FAILED"


class CheckovResult(Struct, frozen=True):
    """One check on one resource; `address` empty where the report does not name the resource (SARIF)."""

    check: str
    passed: bool
    address: str = ""
    file: str = ""
    line: int = 0


class CheckovReport(Struct, frozen=True):
    """What checkov said; `problem` says in words why it said nothing."""

    results: tuple[CheckovResult, ...] = ()
    version: str = ""
    problem: str | None = None


# --- finding and installing ------------------------------------------------------------------------


def cached_program(cache: Path) -> Path:
    """Where `install_checkov` puts the program below the cache folder."""
    return cache / f"checkov-{VERSION}" / "bin" / "checkov"


def find_checkov(environment: Mapping[str, str], cache: Path) -> Path:
    """The program: `KEYPROOF_CHECKOV`, then PATH, then what `install_checkov` made. UsageError when there is none."""
    stated = environment.get("KEYPROOF_CHECKOV")
    if stated:
        if not os.access(stated, os.X_OK):
            raise UsageError(f"`KEYPROOF_CHECKOV` is `{stated}`, which cannot be run")
        return Path(stated)
    found = shutil.which("checkov", path=environment.get("PATH"))
    if found:
        return Path(found)
    own = cached_program(cache)
    if own.exists():
        return own
    raise UsageError("checkov is not installed; run `keyproof checkov install`, or name it in `KEYPROOF_CHECKOV`")


def install_checkov(cache: Path, python: str = sys.executable) -> Path:
    """Make an environment of checkov's own below `cache`; UsageError with the installer's last words if that fails."""
    program = cached_program(cache)
    folder = program.parent.parent
    folder.parent.mkdir(parents=True, exist_ok=True)
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(python).parent))
    own = str(folder / "bin" / "python")
    package = f"checkov=={VERSION}"
    commands = (
        (
            [uv, "venv", "--quiet", "--python", python, str(folder)],
            [uv, "pip", "install", "--compile-bytecode", "--python", own, package],
        )
        if uv
        else ([python, "-m", "venv", str(folder)], [own, "-m", "pip", "install", "--quiet", package])
    )
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode:
            shutil.rmtree(folder, ignore_errors=True)
            last = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["no message"]
            raise UsageError(f"checkov could not be installed in {folder}: {last[0]}")
    return program


# --- running ---------------------------------------------------------------------------------------


class CheckovRun(Struct):
    """checkov at work in the background; `finish` collects what it says."""

    _problem: str | None = None
    _process: subprocess.Popen[bytes] | None = None
    _output: IO[bytes] = field(default_factory=tempfile.TemporaryFile)
    _errors: IO[bytes] = field(default_factory=tempfile.TemporaryFile)

    def finish(self, seconds: float | None = None) -> CheckovReport:
        """Its report, or why there is none after `seconds` (`BUDGET`) more."""
        with self._output, self._errors:
            return self._finished(BUDGET if seconds is None else seconds)

    def _finished(self, seconds: float) -> CheckovReport:
        if self._process is None:
            return CheckovReport(problem=self._problem)
        try:
            code = self._process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.stop()
            return CheckovReport(
                problem=f"checkov did not finish within {seconds:g} s; its results are not in this report, and "
                "`--checkov-timeout` gives it longer"
            )
        self._output.seek(0)
        self._errors.seek(0)
        return _answer(code, self._output.read(), self._errors.read().decode(errors="replace"))

    def stop(self) -> None:
        """End the program and what it started, whether or not anybody has asked what it says."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._output.close()
        self._errors.close()


def _answer(code: int, data: bytes, errors: str) -> CheckovReport:
    """What a program that ended says."""
    if code != 0 or not data.strip():
        last = errors.strip().splitlines()[-1:] or ["no message"]
        return CheckovReport(problem=f"checkov ended with code {code}: {last[0][:300]}")
    try:
        return read_checkov_report(data, "checkov")
    except SourceError as problem:
        return CheckovReport(problem=f"checkov wrote something that is not a report: {problem}")


def start_checkov(program: Path, plan: str, resources: int, most: int = MOST_RESOURCES) -> CheckovRun:
    """Begin a run on a plan file; it never raises, `finish` says what went wrong."""
    if plan == "-":
        return CheckovRun("checkov was not run: it needs the plan as a file, not on standard input")
    if resources > most:
        return CheckovRun(f"checkov was not run: {resources} resources are more than {most}")
    command = [str(program), "--file", plan, "--framework", "terraform_plan", "--check", ",".join(CHECKS)]
    command += ["--skip-download", "--compact", "--soft-fail", "--output", "json"]
    run = CheckovRun()
    try:
        run._process = subprocess.Popen(  # noqa: S603
            command,
            stdin=subprocess.DEVNULL,
            stdout=run._output,
            stderr=run._errors,
            start_new_session=True,
            env=_environment(),
        )
    except OSError as problem:
        run._problem = f"checkov could not be started: {problem.strerror or problem}"
    return run


def _environment() -> dict[str, str]:
    """No credentials, proxies or settings of ours: checkov reads one file."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return kept | {"LOG_LEVEL": "ERROR"}


# --- reading ---------------------------------------------------------------------------------------


def read_checkov_report(data: bytes, name: str) -> CheckovReport:
    """A report in checkov's JSON or in SARIF. SourceError when it is neither."""
    try:
        document = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as problem:
        raise SourceError(f"{name}: not valid JSON: {problem}; write it with `checkov --output json`") from problem
    if isinstance(document, dict) and "runs" in document:
        return _from_sarif(document, name)
    parts = [part for part in (document if isinstance(document, list) else [document]) if isinstance(part, dict)]
    if not any("results" in part or "check_type" in part or "passed" in part for part in parts):
        raise SourceError(f"{name}: not a report of checkov; write it with `checkov --output json` or `--output sarif`")
    version = next((_text(_map(part.get("summary")).get("checkov_version")) for part in parts), "")
    return CheckovReport(tuple(one for part in parts for one in _from_json(part)), version)


def _from_json(part: dict[str, Any]) -> list[CheckovResult]:
    results = _map(part.get("results"))
    found: list[CheckovResult] = []
    for name, passed in (("failed_checks", False), ("passed_checks", True)):
        for one in map(_map, results.get(name) or ()):
            lines = one.get("file_line_range")
            line = lines[0] if isinstance(lines, list) and lines and isinstance(lines[0], int) else 0
            address = _text(one.get("resource_address")) or _text(one.get("resource"))
            found.append(CheckovResult(_text(one.get("check_id")), passed, address, _text(one.get("file_path")), line))
    return found


def _from_sarif(document: dict[str, Any], name: str) -> CheckovReport:
    found: list[CheckovResult] = []
    version = ""
    for run in map(_map, document.get("runs") or ()):
        driver = _map(_map(run.get("tool")).get("driver"))
        if "checkov" not in _text(driver.get("name")).lower():
            raise SourceError(f"{name}: a SARIF report of `{_text(driver.get('name'))}`, not of checkov")
        version = _text(driver.get("version")) or version
        found += [_sarif_result(_map(one)) for one in run.get("results") or ()]
    return CheckovReport(tuple(found), version)


def _sarif_result(one: dict[str, Any]) -> CheckovResult:
    places = one.get("locations")
    place = _map(_map(places[0]).get("physicalLocation")) if isinstance(places, list) and places else {}
    line = _map(place.get("region")).get("startLine")
    file = _text(_map(place.get("artifactLocation")).get("uri"))
    return CheckovResult(_text(one.get("ruleId")), False, "", file, line if isinstance(line, int) else 0)


def _map(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
