"""Every service of moto that the emulation extends."""

from __future__ import annotations

from scanner.demo import moto_cloudhsm, moto_kms
from scanner.demo.extending import Extension

EXTENSIONS: tuple[Extension, ...] = (moto_kms.EXTENSION, moto_cloudhsm.EXTENSION)
