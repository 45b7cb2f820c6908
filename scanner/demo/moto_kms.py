"""The KMS API of the emulation: what moto lacks or answers differently from AWS, under the same names."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from moto.core.utils import camelcase_to_underscores

from scanner.demo.extending import Extension
from scanner.demo.kms_backend import KmsBackend
from scanner.demo.kms_import_answers import ImportAnswers
from scanner.demo.kms_model import Grant
from scanner.demo.kms_rotation_answers import RotationAnswers
from scanner.demo.kms_store_answers import StoreAnswers
from scanner.demo.kms_stores import kms_error

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


class KmsResponse(RotationAnswers, ImportAnswers, StoreAnswers):
    """Keys, aliases, policies and grants, with rotation, import and key stores from the parents."""

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
        if camelcase_to_underscores(operation) in _USES and answer[0] == 200:
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


EXTENSION = Extension("kms", KmsResponse, KmsBackend)
