"""The state of an emulated KMS in one account and Region: keys, aliases, grants, custom key stores."""

from __future__ import annotations

import json
from copy import copy
from datetime import datetime
from typing import Any

from moto.core.utils import unix_time
from moto.kms import models
from moto.kms.models import kms_backends

from scanner.demo.kms_managed import AWS_ALIASES, managed_policy
from scanner.demo.kms_material import now
from scanner.demo.kms_model import Grant, Key, RegionSet
from scanner.demo.kms_store_backend import StoreBackend
from scanner.demo.kms_stores import kms_error


class KmsBackend(StoreBackend):
    """moto's backend with custom key stores, AWS managed keys, multi-Region sets and dated aliases."""

    def __init__(self, region_name: str, account_id: str | None = None) -> None:
        super().__init__(region_name, account_id)
        self.alias_dates: dict[str, tuple[float, float]] = {}

    # --- keys ---

    def new_key(self, parameters: dict[str, Any], *, manager: str = "CUSTOMER") -> Key:
        """Create a key from the parameters of CreateKey."""
        store = self.store_for(parameters)
        key = Key(parameters, self.account_id, self.region_name, manager=manager)  # type: ignore[abstract]
        key.cluster_id = store.cluster_id if store else None
        self.keys[key.id] = key
        if parameters.get("Tags"):
            self.tagger.tag_resource(key.id, parameters["Tags"])
        return key

    def create_key(
        self,
        policy: str | None,
        key_usage: str,
        key_spec: str,
        description: str,
        tags: list[dict[str, str]] | None,
        multi_region: bool = False,
        origin: str = "AWS_KMS",
    ) -> Key:
        """Create a key the way moto's other services ask for one."""
        return self.new_key(
            {
                "Policy": policy,
                "KeyUsage": key_usage,
                "KeySpec": key_spec,
                "Description": description,
                "Tags": tags,
                "MultiRegion": multi_region,
                "Origin": origin,
            }
        )

    def describe_key(self, key_id: str) -> Key:
        """The key behind an id, ARN, alias name or alias ARN."""
        return self.keys[self.any_id_to_key_id(key_id)]

    def disable_key(self, key_id: str) -> None:
        """DisableKey, by id or ARN."""
        super().disable_key(self.get_key_id(key_id))

    def enable_key(self, key_id: str) -> None:
        """EnableKey, by id or ARN."""
        super().enable_key(self.get_key_id(key_id))

    def cancel_key_deletion(self, key_id: str) -> None:
        """CancelKeyDeletion, by id or ARN; the key is then disabled."""
        super().cancel_key_deletion(self.get_key_id(key_id))

    def metadata(self, key: Key) -> dict[str, Any]:
        """KeyMetadata of one key, as its store allows."""
        store = self.stores.get(key.store_id or "")
        connected = store is None or self.connection(store)[0] == "CONNECTED"
        return key.describe(store_connected=connected)

    def managed_key(self, alias_name: str) -> Key:
        """The AWS managed key behind an `alias/aws/` name, made if it is not there yet."""
        for key in self.keys.values():
            if alias_name in key.aliases:
                return key
        service = alias_name.removeprefix("alias/aws/")
        description = f"Default key that protects my {service} data when no other key is defined"
        policy = managed_policy(self.account_id, self.region_name, service)
        key = self.new_key({"Policy": json.dumps(policy), "Description": description}, manager="AWS")
        key.rotation.enable(None)
        self.create_alias(key.id, alias_name)
        return key

    def _generate_default_keys(self, alias_name: str) -> str | None:
        return self.managed_key(alias_name).id if alias_name in AWS_ALIASES else None

    def get_key_id_from_alias(self, alias_name: str) -> str | None:
        """The key id behind an alias name; asking for an AWS alias makes its key, as it does in AWS."""
        found = (key.id for key in self.keys.values() if alias_name in key.aliases)
        return next(found, None) or self._generate_default_keys(alias_name)

    def alias_exists(self, alias_name: str) -> bool:
        """Whether an alias has a key; asking for an AWS alias makes it, so no other service of moto makes its own."""
        return self.get_key_id_from_alias(alias_name) is not None

    def replicate(self, key: Key, parameters: dict[str, Any]) -> Key:
        """Create the replica of a multi-Region primary key in another Region."""
        region = parameters["ReplicaRegion"]
        if key.region_set is None or key.region_set.primary != self.region_name:
            raise kms_error("UnsupportedOperationException", f"{key.arn} is not a multi-Region primary key")
        other: KmsBackend = kms_backends[self.account_id][region]  # type: ignore[assignment]
        if key.id in other.keys:
            raise kms_error("AlreadyExistsException", f"{key.id} already exists in {region}")
        replica = _replica_of(key, parameters, region)
        key.region_set.replicas.append(region)
        other.keys[key.id] = replica
        if parameters.get("Tags"):
            other.tagger.tag_resource(key.id, parameters["Tags"])
        return replica

    def update_primary_region(self, key: Key, region: str) -> None:
        """Make the replica in `region` the primary of its set."""
        regions: RegionSet | None = key.region_set
        if regions is None or region not in regions.replicas:
            raise kms_error("NotFoundException", f"{key.id} has no replica in {region}")
        regions.replicas = sorted({*regions.replicas, regions.primary} - {region})
        regions.primary = region

    # --- aliases and grants ---

    def create_alias(self, target_key_id: str, alias_name: str) -> models.Alias:
        """Create an alias and remember when."""
        self.alias_dates[alias_name] = (unix_time(), unix_time())
        return super().create_alias(target_key_id, alias_name)

    def update_alias(self, target_key_id: str, alias_name: str) -> models.Alias:
        """Point an alias at another key and remember when."""
        created, _ = self.alias_dates.get(alias_name, (unix_time(), 0.0))
        self.alias_dates[alias_name] = (created, unix_time())
        return super().update_alias(target_key_id, alias_name)

    def alias_entries(self, key_id: str | None) -> list[dict[str, Any]]:
        """The entries of ListAliases; AWS aliases without a key have no target."""
        entries = [self._alias_entry(alias.alias_name, alias.target_key_id) for alias in self.list_aliases(key_id)]
        if key_id is None:
            known = {entry["AliasName"] for entry in entries}
            entries += [self._alias_entry(name, None) for name in AWS_ALIASES if name not in known]
        return sorted(entries, key=lambda entry: entry["AliasName"])

    def _alias_entry(self, name: str, target: str | None) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "AliasName": name,
            "AliasArn": f"arn:{self.partition}:kms:{self.region_name}:{self.account_id}:{name}",
        }
        if target:
            created, updated = self.alias_dates[name]
            entry |= {"TargetKeyId": target, "CreationDate": created, "LastUpdatedDate": updated}
        return entry

    def new_grant(self, key: Key, parameters: dict[str, Any]) -> Grant:
        """Create a grant from the parameters of CreateGrant."""
        grant = Grant(key, parameters, f"arn:{self.partition}:iam::{self.account_id}:root")
        key.grants[grant.id] = grant
        return grant

    # --- use ---

    def note_use(self, key_id: str, operation: str, at: datetime | None = None) -> None:
        """Remember the last cryptographic operation with a key, for GetKeyLastUsage."""
        self.keys[self.any_id_to_key_id(key_id)].last_usage = (operation, at or now())


def _replica_of(key: Key, parameters: dict[str, Any], region: str) -> Key:
    """A key with the same material in another Region; policy, description, tags, grants and aliases are its own."""
    replica = copy(key)
    replica.region = region
    replica.arn = key.arn.replace(f":{key.region}:", f":{region}:")
    replica.creation_date = unix_time()
    replica.policy = parameters.get("Policy") or replica.generate_default_policy()
    replica.description = parameters.get("Description") or ""
    replica.grants, replica.aliases = {}, {}
    replica.last_usage = None
    return replica
