"""The calls of the emulated KMS that bring key material along (developer guide, "Importing key material")."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from moto.kms.utils import generate_private_key

from scanner.demo.kms_answers import KmsAnswers, unsupported
from scanner.demo.kms_material import Material, new_material_id, now
from scanner.demo.kms_model import Key
from scanner.demo.kms_stores import kms_error


class ImportAnswers(KmsAnswers):
    """Import, expiry and deletion of key material."""

    def get_parameters_for_import(self) -> str:
        """GetParametersForImport."""
        key = self._importable()
        public_key = _wrapping_key(self._get_param("WrappingKeySpec"))
        answer = {
            "KeyId": key.arn,
            "ImportToken": base64.b64encode(b"import-token:" + key.id.encode()).decode(),
            "PublicKey": base64.b64encode(public_key).decode(),
            "ParametersValidTo": (now() + timedelta(hours=24)).timestamp(),
        }
        return json.dumps(answer)

    def import_key_material(self) -> str:
        """ImportKeyMaterial: the first material, the same one again, or the next one for a rotation on demand."""
        key = self._importable()
        if base64.b64decode(self._get_param("ImportToken")) != b"import-token:" + key.id.encode():
            raise kms_error("InvalidImportTokenException", "The import token is not valid for this key")
        return json.dumps({"KeyId": key.arn, "KeyMaterialId": _import(key, self._parameters).id})

    def delete_imported_key_material(self) -> str:
        """DeleteImportedKeyMaterial; the key then waits for the same material again."""
        key = self._importable()
        for material in key.rotation.materials:
            if self._get_param("KeyMaterialId") in (None, material.id):
                material.imported = False
        return json.dumps({"KeyId": key.arn})

    def _importable(self) -> Key:
        key = self._key()
        if key.origin != "EXTERNAL":
            raise unsupported(key)
        return key


def _import(key: Key, parameters: dict[str, Any]) -> Material:
    """Take in a material; without ImportType the first import is a new one and any later one the same again."""
    rotation = key.rotation
    new = parameters.get("ImportType") == "NEW_KEY_MATERIAL" or not rotation.materials
    if new:
        material = Material(new_material_id(), description=parameters.get("KeyMaterialDescription"))
        if rotation.materials:
            rotation.pending = material
        else:
            rotation.materials.append(material)
    else:
        wanted = parameters.get("KeyMaterialId") or rotation.materials[-1].id
        found = [m for m in rotation.materials if m.id == wanted]
        if not found:
            raise kms_error("IncorrectKeyMaterialException", f"{wanted} is not a key material of {key.arn}")
        material = found[0]
    material.imported = True
    material.valid_to = _valid_to(parameters)
    return material


def _valid_to(parameters: dict[str, Any]) -> datetime | None:
    """When imported material expires; KEY_MATERIAL_EXPIRES is what AWS assumes."""
    if parameters.get("ExpirationModel") == "KEY_MATERIAL_DOES_NOT_EXPIRE":
        return None
    if "ValidTo" not in parameters:
        raise kms_error("ValidationException", "ValidTo is required when the key material expires")
    return datetime.fromtimestamp(parameters["ValidTo"], UTC)


@lru_cache
def _wrapping_key(spec: str) -> bytes:
    """A public key that importers can wrap with; nothing ever unwraps."""
    return generate_private_key(spec).public_key()
