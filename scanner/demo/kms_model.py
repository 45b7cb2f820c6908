"""KMS keys and grants of the emulation: moto's, with the facts that DescribeKey and ListGrants owe."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from moto.core.utils import unix_time
from moto.kms import models
from moto.kms.utils import generate_private_key
from moto.moto_api._internal import mock_random
from msgspec import Struct, field

from scanner.demo.kms_material import Material, Rotation, expiration_model, new_material_id, now

_CHEAP_SPEC = "ECC_NIST_P256"
_MAC_ALGORITHMS = {
    spec: [spec.replace("HMAC_", "HMAC_SHA_")] for spec in ("HMAC_224", "HMAC_256", "HMAC_384", "HMAC_512")
}
_ML_DSA = ("ML_DSA_44", "ML_DSA_65", "ML_DSA_87")
_NEWER_SIGNING = {
    **{spec: ["ML_DSA_SHAKE_256"] for spec in _ML_DSA},
    "ECC_NIST_EDWARDS25519": ["ED25519_SHA_512", "ED25519_PH_SHA_512"],
}


class RegionSet(Struct):
    """The Regions of one multi-Region key; every key of the set holds the same object."""

    primary: str
    replicas: list[str] = field(default_factory=list)


class Grant(models.Grant):
    """moto's grant with its date, issuer and service principals."""

    def __init__(self, key: Key, parameters: dict[str, Any], issuer: str) -> None:
        super().__init__(
            key.arn,
            parameters.get("Name", ""),
            parameters.get("GranteePrincipal", ""),
            parameters["Operations"],
            parameters.get("Constraints") or {},
            parameters.get("RetiringPrincipal", ""),
        )
        self.id = f"{mock_random.getrandbits(256):064x}"
        self.grantee_service = parameters.get("GranteeServicePrincipal")
        self.retiring_service = parameters.get("RetiringServicePrincipal")
        self.issuer = issuer
        self.created = unix_time()

    def to_json(self) -> dict[str, Any]:
        """The entry of ListGrants; what was not given is left out."""
        entry = super().to_json() | {
            "CreationDate": self.created,
            "IssuingAccount": self.issuer,
            "GranteeServicePrincipal": self.grantee_service,
            "RetiringServicePrincipal": self.retiring_service,
        }
        return {name: value for name, value in entry.items() if value}


class Key(models.Key):
    """moto's key with material, key store, Region set and deletion window; its private key is made when asked for."""

    def __init__(self, parameters: dict[str, Any], account_id: str, region: str, *, manager: str = "CUSTOMER") -> None:
        self._private_key: Any = None
        super().__init__(
            policy=parameters.get("Policy"),
            key_usage=parameters.get("KeyUsage") or "ENCRYPT_DECRYPT",
            key_spec=_CHEAP_SPEC,
            description=parameters.get("Description") or "",
            account_id=account_id,
            region=region,
            multi_region=bool(parameters.get("MultiRegion")),
            origin=parameters.get("Origin") or "AWS_KMS",
        )
        self.key_spec = parameters.get("KeySpec") or parameters.get("CustomerMasterKeySpec") or "SYMMETRIC_DEFAULT"
        self.key_manager = manager
        self.store_id: str | None = parameters.get("CustomKeyStoreId")
        self.cluster_id: str | None = None
        self.xks_key_id: str | None = parameters.get("XksKeyId")
        self.ram_policy: str | None = None
        self.window_days: int | None = None
        self.last_usage: tuple[str, datetime] | None = None
        self.rotation = Rotation()
        self.region_set = RegionSet(region) if self.multi_region else None
        if self.origin == "AWS_KMS" and self.symmetric:
            self.rotation.materials.append(Material(new_material_id()))

    @property
    def private_key(self) -> Any:
        """The private key, made when a signature or the public key is first asked for: RSA takes 75 ms."""
        if self._private_key is None:
            self._private_key = generate_private_key(self.key_spec)
        return self._private_key

    @private_key.setter
    def private_key(self, value: Any) -> None:
        """moto makes one at creation; it is dropped."""

    @property
    def symmetric(self) -> bool:
        """Whether it is a symmetric encryption key."""
        return self.key_spec == "SYMMETRIC_DEFAULT"

    @property
    def signing_algorithms(self) -> list[str] | None:  # type: ignore[override]
        """moto's, and those of the newer specs."""
        return _NEWER_SIGNING.get(self.key_spec) or super().signing_algorithms

    def state(self, *, store_connected: bool = True) -> str:
        """KeyState now: imported material may be missing or expired, a key store disconnected."""
        if self.key_state in ("PendingDeletion", "PendingReplicaDeletion"):
            return self.key_state
        if self.origin == "EXTERNAL" and not self.material_present():
            return "PendingImport"
        return self.key_state if store_connected else "Unavailable"

    def material_present(self) -> bool:
        """Whether every imported material is there and none has expired."""
        materials = self.rotation.materials
        return bool(materials) and all(m.imported and (m.valid_to is None or m.valid_to > now()) for m in materials)

    def describe(self, *, store_connected: bool = True) -> dict[str, Any]:
        """KeyMetadata of DescribeKey; a field that does not apply is left out."""
        state = self.state(store_connected=store_connected)
        metadata = self.to_dict()["KeyMetadata"] | {
            "KeyState": state,
            "Enabled": state == "Enabled",
            "CustomKeyStoreId": self.store_id,
            "CloudHsmClusterId": self.cluster_id,
            "XksKeyConfiguration": {"Id": self.xks_key_id} if self.xks_key_id else None,
            "MacAlgorithms": _MAC_ALGORITHMS.get(self.key_spec),
            "CurrentKeyMaterialId": self._current_material(),
            "PendingDeletionWindowInDays": self.window_days if state == "PendingReplicaDeletion" else None,
        }
        metadata |= self._usage_algorithms() | self._expiration() | self._regions()
        return {name: value for name, value in metadata.items() if value is not None}

    def _current_material(self) -> str | None:
        self.rotation.settle()
        return self.rotation.materials[-1].id if self.rotation.materials else None

    def _usage_algorithms(self) -> dict[str, Any]:
        return {
            "EncryptionAlgorithms": self.encryption_algorithms if self.key_usage == "ENCRYPT_DECRYPT" else None,
            "SigningAlgorithms": self.signing_algorithms if self.key_usage == "SIGN_VERIFY" else None,
        }

    def _expiration(self) -> dict[str, Any]:
        if self.origin != "EXTERNAL" or not self.material_present():
            return {}
        dates = [m.valid_to for m in self.rotation.materials if m.valid_to]
        if not dates:
            return {"ExpirationModel": expiration_model(self.rotation.materials[-1])}
        return {"ExpirationModel": "KEY_MATERIAL_EXPIRES", "ValidTo": min(dates).timestamp()}

    def _regions(self) -> dict[str, Any]:
        if self.region_set is None:
            return {"MultiRegion": False}
        kind = "PRIMARY" if self.region == self.region_set.primary else "REPLICA"
        configuration = {
            "MultiRegionKeyType": kind,
            "PrimaryKey": self._in_region(self.region_set.primary),
            "ReplicaKeys": [self._in_region(region) for region in self.region_set.replicas],
        }
        return {"MultiRegion": True, "MultiRegionConfiguration": configuration}

    def _in_region(self, region: str) -> dict[str, str]:
        return {"Arn": f"arn:aws:kms:{region}:{self.account_id}:key/{self.id}", "Region": region}
