"""Key material of an emulated KMS key: which one is current, how it rotates by itself, when it expires.

Follows the KMS developer guide, "Rotate AWS KMS keys" and "Importing key material"; the wrapped bytes of an
import are never unwrapped, a material is an identifier with dates.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.moto_api._internal import mock_random
from msgspec import Struct, field

DEFAULT_PERIOD_DAYS = 365


def now() -> datetime:
    """The present of the emulation (the clock of this process, which the demo moves)."""
    return datetime.now(UTC)


def new_material_id() -> str:
    """Sixty-four hexadecimal digits, as AWS names key material."""
    return f"{mock_random.getrandbits(256):064x}"


class Material(Struct):
    """One key material; `rotated` is None for the first one, `valid_to` None for one that does not expire."""

    id: str
    rotated: datetime | None = None
    rotation_type: str | None = None
    valid_to: datetime | None = None
    imported: bool = True
    description: str | None = None


class Rotation(Struct):
    """The rotation settings and materials that all keys of a multi-Region set share."""

    enabled_at: datetime | None = None
    period_days: int = DEFAULT_PERIOD_DAYS
    materials: list[Material] = field(default_factory=list)
    pending: Material | None = None

    def enable(self, period_days: int | None) -> None:
        """Turn automatic rotation on, or change its period, as from now."""
        self.settle()
        self.enabled_at = now()
        self.period_days = period_days or DEFAULT_PERIOD_DAYS

    def disable(self) -> None:
        """Turn automatic rotation off; completed rotations stay."""
        self.settle()
        self.enabled_at = None

    def settle(self) -> None:
        """Complete the automatic rotations that have fallen due by now."""
        for due in self._due():
            self.materials.append(Material(new_material_id(), due, "AUTOMATIC"))

    def next_date(self) -> datetime | None:
        """When the next automatic rotation is due."""
        self.settle()
        return self._last_start() + self._period() if self.enabled_at else None

    def rotate_on_demand(self) -> None:
        """Complete an on-demand rotation: to the imported material that waits for it, else to a new one."""
        self.settle()
        material = self.pending or Material(new_material_id())
        material.rotated, material.rotation_type, self.pending = now(), "ON_DEMAND", None
        self.materials.append(material)

    def _period(self) -> timedelta:
        return timedelta(days=self.period_days)

    def _last_start(self) -> datetime:
        assert self.enabled_at is not None
        automatic = [m.rotated for m in self.materials if m.rotation_type == "AUTOMATIC" and m.rotated]
        return max([self.enabled_at, *automatic])

    def _due(self) -> Iterator[datetime]:
        if self.enabled_at is None:
            return
        due = self._last_start() + self._period()
        while due <= now():
            yield due
            due += self._period()


def rotation_entries(key_id: str, rotation: Rotation, *, all_material: bool, external: bool) -> list[dict[str, Any]]:
    """The entries of ListKeyRotations, oldest first; `all_material` adds the first and the pending one."""
    rotation.settle()
    materials = [*rotation.materials, *([rotation.pending] if rotation.pending else [])]
    current = rotation.materials[-1] if rotation.materials else None
    return [
        _entry(key_id, material, _state(material, current, rotation.pending), external)
        for material in materials
        if material.rotated is not None or all_material
    ]


def _state(material: Material, current: Material | None, pending: Material | None) -> str:
    if material is pending:
        return "PENDING_ROTATION"
    return "CURRENT" if material is current else "NON_CURRENT"


def _entry(key_id: str, material: Material, state: str, external: bool) -> dict[str, Any]:
    entry: dict[str, Any] = {"KeyId": key_id, "KeyMaterialId": material.id, "KeyMaterialState": state}
    if material.rotated is not None:
        entry |= {"RotationDate": material.rotated.timestamp(), "RotationType": material.rotation_type}
    if external:
        entry |= {
            "ImportState": "IMPORTED" if material.imported else "PENDING_IMPORT",
            "ExpirationModel": expiration_model(material),
        }
        entry |= {"ValidTo": material.valid_to.timestamp()} if material.valid_to else {}
        entry |= {"KeyMaterialDescription": material.description} if material.description else {}
    return entry


def expiration_model(material: Material) -> str:
    """The ExpirationModel of one imported material."""
    return "KEY_MATERIAL_EXPIRES" if material.valid_to else "KEY_MATERIAL_DOES_NOT_EXPIRE"
