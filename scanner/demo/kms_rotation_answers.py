"""The rotation calls of the emulated KMS; keys whose material KMS does not make refuse them, as in AWS."""

from __future__ import annotations

import json
from typing import Any

from scanner.demo.kms_answers import KmsAnswers, unsupported
from scanner.demo.kms_material import rotation_entries
from scanner.demo.kms_model import Key
from scanner.demo.kms_stores import kms_error


class RotationAnswers(KmsAnswers):
    """Automatic rotation, rotation on demand, and what was rotated."""

    def enable_key_rotation(self) -> str:
        """EnableKeyRotation, with RotationPeriodInDays."""
        key, days = self._rotatable(), self._get_param("RotationPeriodInDays")
        key.rotation.enable(days)
        return "{}"

    def disable_key_rotation(self) -> str:
        """DisableKeyRotation."""
        self._rotatable().rotation.disable()
        return "{}"

    def get_key_rotation_status(self) -> str:
        """GetKeyRotationStatus; AWS refuses it for keys whose material it does not make."""
        key = self._key()
        self._refuse_foreign_material(key)
        if "alias/aws/acm" in key.aliases:
            raise kms_error("AccessDeniedException", "User is not authorized to perform: kms:GetKeyRotationStatus")
        enabled = key.rotation.enabled_at is not None and key.key_state != "PendingDeletion"
        answer: dict[str, Any] = {"KeyRotationEnabled": enabled, "KeyId": key.arn}
        if enabled and (due := key.rotation.next_date()):
            answer |= {"RotationPeriodInDays": key.rotation.period_days, "NextRotationDate": due.timestamp()}
        return json.dumps(answer)

    def rotate_key_on_demand(self) -> str:
        """RotateKeyOnDemand; imported keys need the next material imported first."""
        key = self._key()
        if not key.symmetric or key.origin not in ("AWS_KMS", "EXTERNAL") or key.key_manager == "AWS":
            raise unsupported(key)
        if key.origin == "EXTERNAL" and key.rotation.pending is None:
            raise kms_error("KMSInvalidStateException", f"{key.arn} has no key material that is pending rotation.")
        key.rotation.rotate_on_demand()
        return json.dumps({"KeyId": key.arn})

    def list_key_rotations(self) -> str:
        """ListKeyRotations, paged, oldest first."""
        key = self._key()
        if not key.symmetric or key.origin not in ("AWS_KMS", "EXTERNAL"):
            raise unsupported(key)
        everything = self._get_param("IncludeKeyMaterial") == "ALL_KEY_MATERIAL"
        entries = rotation_entries(key.id, key.rotation, all_material=everything, external=key.origin == "EXTERNAL")
        return json.dumps(self._page(entries, "Rotations", default=100, most=1000))

    def _rotatable(self) -> Key:
        key = self._key()
        self._refuse_foreign_material(key)
        if not key.symmetric or key.key_manager == "AWS":
            raise unsupported(key)
        if key.key_state == "PendingDeletion":
            raise kms_error("KMSInvalidStateException", f"{key.arn} is pending deletion.")
        if key.key_state == "Disabled":
            raise kms_error("DisabledException", f"{key.arn} is disabled.")
        return key

    @staticmethod
    def _refuse_foreign_material(key: Key) -> None:
        if key.origin != "AWS_KMS":
            raise unsupported(key)
