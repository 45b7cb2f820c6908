"""The KMS API of the emulation: what moto lacks or answers differently from AWS, under the same names."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.kms.responses import KmsResponse as MotoKmsResponse

from scanner.demo.extending import Extension
from scanner.demo.kms_backend import KmsBackend
from scanner.demo.kms_material import Material, new_material_id, now, rotation_entries
from scanner.demo.kms_model import Grant, Key
from scanner.demo.kms_stores import kms_error
from scanner.demo.paging import page

TRACKING_SINCE = datetime(2026, 4, 1, tzinfo=UTC)
"""GetKeyLastUsage knows nothing from before it was introduced."""
_USES = (
    "decrypt",
    "encrypt",
    "generate_data_key",
    "generate_data_key_without_plaintext",
    "generate_mac",
    "sign",
    "verify",
)


class KmsResponse(MotoKmsResponse):
    """moto's KMS handler with our backend behind it."""

    @property
    def state(self) -> KmsBackend:
        """The backend of the caller's account and Region."""
        return self.kms_backend  # type: ignore[return-value]

    @property
    def _parameters(self) -> dict[str, Any]:
        return json.loads(self.body)  # type: ignore[no-any-return]

    def _key(self) -> Key:
        """The key that the request names by id or ARN."""
        self._validate_cmk_id(self._get_param("KeyId"))
        return self.state.describe_key(self._get_param("KeyId"))

    def _page(self, items: list[Any], name: str, *, default: int, most: int) -> dict[str, Any]:
        limit, marker = self._get_param("Limit"), self._get_param("Marker")
        return page(items, name, limit=limit, marker=marker, default=default, most=most)

    # --- keys ---

    def create_key(self) -> str:
        """CreateKey."""
        key = self.state.new_key(self._parameters)
        return json.dumps({"KeyMetadata": self.state.metadata(key)})

    def describe_key(self) -> str:
        """DescribeKey, by id, ARN, alias name or alias ARN."""
        key_id = self._get_param("KeyId")
        self._validate_key_id(key_id)
        return json.dumps({"KeyMetadata": self.state.metadata(self.state.describe_key(key_id))})

    def list_keys(self) -> str:
        """ListKeys, paged."""
        keys = [{"KeyArn": key.arn, "KeyId": key.id} for key in self.state.list_keys()]
        return json.dumps(self._page(keys, "Keys", default=100, most=1000))

    def replicate_key(self) -> str:
        """ReplicateKey."""
        key = self._key()
        replica = self.state.replicate(key, self._parameters)
        answer = {"ReplicaKeyMetadata": replica.describe(), "ReplicaPolicy": replica.policy}
        return json.dumps(answer | {"ReplicaTags": self._get_param("Tags") or []})

    def update_primary_region(self) -> str:
        """UpdatePrimaryRegion."""
        self.state.update_primary_region(self._key(), self._get_param("PrimaryRegion"))
        return "{}"

    def schedule_key_deletion(self) -> str:
        """ScheduleKeyDeletion; a primary key with replicas waits for them."""
        key = self._key()
        days = self._get_param("PendingWindowInDays") or 30
        if not 7 <= days <= 30:
            raise kms_error("ValidationException", f"Value '{days}' at 'pendingWindowInDays' must be between 7 and 30")
        if key.key_state in ("PendingDeletion", "PendingReplicaDeletion"):
            raise kms_error("KMSInvalidStateException", f"{key.arn} is pending deletion.")
        self.state.schedule_key_deletion(key.id, days)
        key.window_days = days
        if key.region_set and key.region_set.primary == key.region and key.region_set.replicas:
            key.key_state, key.deletion_date = "PendingReplicaDeletion", None
        metadata = self.state.metadata(key)
        answer = {"KeyId": key.arn, "KeyState": key.key_state, "PendingWindowInDays": days}
        return json.dumps(answer | {name: metadata[name] for name in ("DeletionDate",) if name in metadata})

    def get_key_last_usage(self) -> str:
        """GetKeyLastUsage."""
        key = self._key()
        usage = {}
        if key.last_usage is not None:
            operation, at = key.last_usage
            usage = {"Operation": operation, "Timestamp": at.timestamp()}
        started = max(TRACKING_SINCE.timestamp(), key.creation_date)
        answer = {"KeyId": key.id, "KeyCreationDate": key.creation_date, "TrackingStartDate": started}
        return json.dumps(answer | {"KeyLastUsage": usage})

    def call_action(self) -> Any:
        """Answer, and remember cryptographic use for GetKeyLastUsage."""
        answer = super().call_action()
        operation = self._get_action()
        if _snake(operation) in _USES and answer[0] == 200:
            self.state.note_use(json.loads(answer[2])["KeyId"], operation)
        return answer

    # --- tags, aliases, policies ---

    def list_resource_tags(self) -> str:
        """ListResourceTags, paged."""
        tags = self.state.list_resource_tags(self._key().id)["Tags"]
        return json.dumps(self._page(tags, "Tags", default=50, most=50))

    def list_aliases(self) -> str:
        """ListAliases, paged, with dates; predefined AWS aliases have no target."""
        key_id = self._key().id if self._get_param("KeyId") else None
        return json.dumps(self._page(self.state.alias_entries(key_id), "Aliases", default=50, most=100))

    def list_key_policies(self) -> str:
        """ListKeyPolicies: `default`, and `AWS_RAM` for a key that is shared."""
        names = ["default", "AWS_RAM"] if self._key().ram_policy else ["default"]
        return json.dumps(self._page(names, "PolicyNames", default=100, most=1000))

    def get_key_policy(self) -> str:
        """GetKeyPolicy."""
        key, name = self._key(), self._get_param("PolicyName") or "default"
        policy = {"default": key.policy, "AWS_RAM": key.ram_policy}.get(name)
        if policy is None:
            raise kms_error("NotFoundException", f"No such policy exists: {name}")
        return json.dumps({"Policy": policy, "PolicyName": name})

    # --- rotation ---

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
            raise _unsupported(key)
        if key.origin == "EXTERNAL" and key.rotation.pending is None:
            raise kms_error("KMSInvalidStateException", f"{key.arn} has no key material that is pending rotation.")
        key.rotation.rotate_on_demand()
        return json.dumps({"KeyId": key.arn})

    def list_key_rotations(self) -> str:
        """ListKeyRotations, paged, oldest first."""
        key = self._key()
        if not key.symmetric or key.origin not in ("AWS_KMS", "EXTERNAL"):
            raise _unsupported(key)
        everything = self._get_param("IncludeKeyMaterial") == "ALL_KEY_MATERIAL"
        entries = rotation_entries(key.id, key.rotation, all_material=everything, external=key.origin == "EXTERNAL")
        return json.dumps(self._page(entries, "Rotations", default=100, most=1000))

    def _rotatable(self) -> Key:
        key = self._key()
        self._refuse_foreign_material(key)
        if not key.symmetric or key.key_manager == "AWS":
            raise _unsupported(key)
        if key.key_state == "PendingDeletion":
            raise kms_error("KMSInvalidStateException", f"{key.arn} is pending deletion.")
        if key.key_state == "Disabled":
            raise kms_error("DisabledException", f"{key.arn} is disabled.")
        return key

    @staticmethod
    def _refuse_foreign_material(key: Key) -> None:
        if key.origin != "AWS_KMS":
            raise _unsupported(key)

    # --- imported key material ---

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
            raise _unsupported(key)
        return key

    # --- grants ---

    def create_grant(self) -> str:
        """CreateGrant."""
        grant = self.state.new_grant(self._key(), self._parameters)
        return json.dumps({"GrantId": grant.id, "GrantToken": grant.token})

    def list_grants(self) -> str:
        """ListGrants, paged, by id or grantee if asked for."""
        wanted = {
            "GrantId": self._get_param("GrantId"),
            "GranteePrincipal": self._get_param("GranteePrincipal"),
            "GranteeServicePrincipal": self._get_param("GranteeServicePrincipal"),
        }
        return self._grants(list(self._key().grants.values()), wanted)  # type: ignore[arg-type]

    def list_retirable_grants(self) -> str:
        """ListRetirableGrants, paged."""
        wanted = {
            "RetiringPrincipal": self._get_param("RetiringPrincipal"),
            "RetiringServicePrincipal": self._get_param("RetiringServicePrincipal"),
        }
        grants = [grant for key in self.state.keys.values() for grant in key.grants.values()]
        return self._grants(grants, wanted)  # type: ignore[arg-type]

    def _grants(self, grants: list[Grant], wanted: dict[str, str | None]) -> str:
        entries = [grant.to_json() for grant in grants]
        matching = [e for e in entries if all(value in (None, e.get(name)) for name, value in wanted.items())]
        return json.dumps(self._page(matching, "Grants", default=50, most=100))

    # --- custom key stores ---

    def create_custom_key_store(self) -> str:
        """CreateCustomKeyStore."""
        return json.dumps({"CustomKeyStoreId": self.state.new_store(self._parameters).id})

    def describe_custom_key_stores(self) -> str:
        """DescribeCustomKeyStores, paged, by id or name if asked for."""
        store_id, name = self._get_param("CustomKeyStoreId"), self._get_param("CustomKeyStoreName")
        stores = [s for s in self.state.stores.values() if store_id in (None, s.id) and name in (None, s.name)]
        if not stores and (store_id or name):
            raise kms_error("CustomKeyStoreNotFoundException", "The custom key store was not found")
        entries = [self.state.store_entry(store) for store in stores]
        return json.dumps(self._page(entries, "CustomKeyStores", default=100, most=1000))

    def connect_custom_key_store(self) -> str:
        """ConnectCustomKeyStore."""
        self.state.connect(self.state.store(self._get_param("CustomKeyStoreId")))
        return "{}"

    def disconnect_custom_key_store(self) -> str:
        """DisconnectCustomKeyStore."""
        self.state.store(self._get_param("CustomKeyStoreId")).disconnect()
        return "{}"

    def update_custom_key_store(self) -> str:
        """UpdateCustomKeyStore."""
        self.state.update_store(self.state.store(self._get_param("CustomKeyStoreId")), self._parameters)
        return "{}"

    def delete_custom_key_store(self) -> str:
        """DeleteCustomKeyStore."""
        self.state.delete_store(self.state.store(self._get_param("CustomKeyStoreId")))
        return "{}"


def _unsupported(key: Key) -> JsonRESTError:
    return kms_error(
        "UnsupportedOperationException", f"{key.arn} origin is {key.origin} which is not valid for this operation."
    )


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
    from moto.kms.utils import generate_private_key

    return generate_private_key(spec).public_key()


def _snake(operation: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in operation).lstrip("_")


EXTENSION = Extension("kms", KmsResponse, KmsBackend)
