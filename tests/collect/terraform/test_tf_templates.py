"""The GitHub action, the pre-commit hooks and the GitLab template: their commands run, with hostile names too."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from tf_builder import PlanText, a_key

TOP = Path(__file__).parents[3]
HOSTILE = 'a plan $(touch hacked) "quoted".json'


def read(name: str) -> Any:
    return yaml.safe_load((TOP / name).read_text(encoding="utf-8"))


def recorder(folder: Path) -> Path:
    """A program that writes down its arguments, one a line."""
    path = folder / "keyproof"
    path.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >> "{folder / "arguments"}"\n')
    path.chmod(0o755)
    return path


def bash(script: str, folder: Path, *arguments: str, code: int = 0, **variables: str) -> list[str]:
    """The arguments that keyproof, which ends with `code`, got from a script."""
    program = recorder(folder)
    program.write_text(f"{program.read_text()}exit {code}\n")
    environment = {"PATH": f"{folder}:{os.environ['PATH']}", "PATH_TO_KEYPROOF": str(program), **variables}
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script, "bash", *arguments]
    assert subprocess.run(command, cwd=folder, env=environment, check=False).returncode == code
    assert not (folder / "hacked").exists()
    return (folder / "arguments").read_text().splitlines()


def step(name: str) -> dict[str, Any]:
    (found,) = [one for one in read("action.yml")["runs"]["steps"] if one["name"] == name]
    return found


def test_the_action_hands_every_input_over_as_one_word(tmp_path: Path) -> None:
    inputs = {
        "PLAN": HOSTILE,
        "SOURCE": "my source",
        "LIVE": "",
        "FAIL_ON": "high",
        "SARIF": "s.sarif",
        "COMMENT": "c.md",
    }
    got = bash(
        step("Check the plan")["run"],
        tmp_path,
        **inputs,
        ARGUMENTS="--checkov\n--all\n",
        GITHUB_STEP_SUMMARY="summary.md",
    )
    assert got[:4] == ["plan", HOSTILE, "--source", "my source"]
    assert "--live" not in got
    assert got[-2:] == ["--checkov", "--all"]
    assert {"github", "github-summary=summary.md", "sarif=s.sarif", "markdown=c.md"} <= set(got)


def test_the_action_puts_no_expression_into_a_script() -> None:
    action = read("action.yml")
    assert all("${{" not in one["run"] for one in action["runs"]["steps"])
    stated = {text for one in action["runs"]["steps"] for text in one["env"].values()}
    assert {f"${{{{ inputs.{name} }}}}" for name in action["inputs"]} <= stated


@pytest.mark.parametrize("code", [0, 1])
@pytest.mark.parametrize("options", [[], ["--fail-on", "low", "--source", "my source"]])
@pytest.mark.parametrize("plans", [["plan.json"], ["a/plan.json", HOSTILE]])
def test_the_hook_checks_each_plan_that_changed(
    tmp_path: Path, plans: list[str], options: list[str], code: int
) -> None:
    (hook,) = [one for one in read(".pre-commit-hooks.yaml") if one["id"] == "keyproof-plan"]
    script = hook["entry"].removeprefix("bash -c '").removesuffix("' --")
    got = bash(script, tmp_path, *options, *(["--"] if options else []), *plans, code=code)
    assert got == [word for plan in plans for word in ("plan", "--quiet", *options, plan)]


def test_the_gitlab_job_writes_what_it_keeps(tmp_path: Path) -> None:
    job = read("ci/gitlab.yml")[".keyproof"]
    variables = {**job["variables"], "KEYPROOF_PLAN": HOSTILE}
    got = bash("\n".join(job["script"]), tmp_path, **variables)
    assert got[:2] == ["plan", HOSTILE]
    written = {word.split("=", 1)[1] for word in got if "=" in word}
    assert written == {*job["artifacts"]["paths"], *job["artifacts"]["reports"].values()}


def test_the_commands_of_the_action_are_real(run: Any, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_bytes(a_key(PlanText(), enable_key_rotation=False).text())
    formats = (
        "github",
        f"github-summary={tmp_path / 's.md'}",
        f"sarif={tmp_path / 'r.sarif'}",
        f"markdown={tmp_path / 'c.md'}",
    )
    outcome = run("plan", plan, "--fail-on", "critical", *(word for name in formats for word in ("--format", name)))
    assert outcome.code == 0, outcome.err
    assert all((tmp_path / name).stat().st_size for name in ("s.md", "r.sarif", "c.md"))
