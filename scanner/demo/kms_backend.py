"""The state of an emulated KMS in one account and Region: keys, aliases, grants, custom key stores."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import copy
from datetime import datetime
from typing import Any

from moto.core.utils import unix_time
from moto.kms import models
from moto.kms.models import kms_backends
from moto.moto_api._internal import mock_random

from scanner.demo.kms_material import now
from scanner.demo.kms_model import Grant, Key, RegionSet
from scanner.demo.kms_stores import CLOUDHSM, XKS, HsmCluster, KeyStore, checked_cluster, kms_error, xks_configuration

AWS_ALIASES = tuple(
    f"alias/aws/{service}"
    for service in (
        "acm", "backup", "codecommit", "connect", "dms", "dynamodb", "ebs", "ecr", "elasticfilesystem", "es", "fsx",
        "glue", "kafka", "kinesis", "kinesisvideo", "lambda", "mq", "rds", "redshift", "s3", "secretsmanager", "sns",
        "sqs", "ssm", "timestream", "workspaces", "xray",
    )
)  # fmt: skip
"""The aliases that AWS keeps for its managed keys; a key behind one comes into being when it is first used."""

_VIA_SERVICE = {"ebs": "ec2", "es": "es"}


def clusters_of(account_id: str, region: str) -> Callable[[str | None], HsmCluster | None]:
    """How to find a CloudHSM cluster of the same account and Region by its id."""
    from moto.cloudhsmv2.models import cloudhsmv2_backends  # loaded only where a key store is used

    return lambda cluster_id: cloudhsmv2_backends[account_id][region].clusters.get(cluster_id or "")  # type: ignore[return-value]


class KmsBackend(models.KmsBackend):
    """moto's backend with custom key stores, AWS managed keys, multi-Region sets and dated aliases."""

    keys: dict[str, Key]  # type: ignore[assignment]

    def __init__(self, region_name: str, account_id: str | None = None) -> None:
        super().__init__(region_name, account_id)
        self.stores: dict[str, KeyStore] = {}
        self.alias_dates: dict[str, tuple[float, float]] = {}

    # --- keys ---

    def new_key(self, parameters: dict[str, Any], *, manager: str = "CUSTOMER") -> Key:
        """Create a key from the parameters of CreateKey."""
        store = self._store_for(parameters)
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
        policy = _managed_policy(self.account_id, self.region_name, _VIA_SERVICE.get(service, service))
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

    # --- custom key stores ---

    def new_store(self, parameters: dict[str, Any]) -> KeyStore:
        """Create a custom key store from the parameters of CreateCustomKeyStore; it starts disconnected."""
        self._check_store_name(parameters["CustomKeyStoreName"])
        kind = parameters.get("CustomKeyStoreType") or CLOUDHSM
        store = KeyStore(f"cks-{mock_random.get_random_hex(17)}", parameters["CustomKeyStoreName"], kind, now())
        if kind == XKS:
            store.xks = xks_configuration(parameters)
        else:
            store.cluster_id = parameters.get("CloudHsmClusterId")
            store.trust_anchor = parameters.get("TrustAnchorCertificate")
            self._check_unused(store.cluster_id)
            checked_cluster(self._cluster(store), at_least=2)
        self.stores[store.id] = store
        return store

    def store(self, store_id: str) -> KeyStore:
        """A custom key store by id."""
        if store_id not in self.stores:
            raise kms_error("CustomKeyStoreNotFoundException", f"The custom key store {store_id} was not found")
        return self.stores[store_id]

    def connect(self, store: KeyStore) -> None:
        """Connect a custom key store."""
        store.connect(self._cluster(store))

    def connection(self, store: KeyStore) -> tuple[str, str | None]:
        """ConnectionState and ConnectionErrorCode of a store."""
        return store.connection(self._cluster(store))

    def store_entry(self, store: KeyStore) -> dict[str, Any]:
        """The entry of DescribeCustomKeyStores."""
        return store.to_dict(self._cluster(store))

    def update_store(self, store: KeyStore, parameters: dict[str, Any]) -> None:
        """UpdateCustomKeyStore: a store must be disconnected, an external one only for its connectivity."""
        if store.connected and (store.type == CLOUDHSM or "XksProxyConnectivity" in parameters):
            raise kms_error(
                "CustomKeyStoreInvalidStateException", f"The custom key store {store.id} is not disconnected"
            )
        if name := parameters.get("NewCustomKeyStoreName"):
            self._check_store_name(name)
            store.name = name
        store.cluster_id = parameters.get("CloudHsmClusterId") or store.cluster_id
        if store.xks is not None:
            store.xks |= xks_configuration(parameters)

    def delete_store(self, store: KeyStore) -> None:
        """DeleteCustomKeyStore: it must be disconnected and hold no key."""
        if any(key.store_id == store.id for key in self.keys.values()):
            raise kms_error("CustomKeyStoreHasCMKsException", f"The custom key store {store.id} contains KMS keys")
        if self.connection(store)[0] != "DISCONNECTED":
            raise kms_error(
                "CustomKeyStoreInvalidStateException", f"The custom key store {store.id} is not disconnected"
            )
        del self.stores[store.id]

    def _cluster(self, store: KeyStore) -> HsmCluster | None:
        if store.cluster_id is None:
            return None
        return clusters_of(self.account_id, self.region_name)(store.cluster_id)

    def _check_store_name(self, name: str) -> None:
        if any(store.name == name for store in self.stores.values()):
            raise kms_error("CustomKeyStoreNameInUseException", f"The name {name} is in use")

    def _check_unused(self, cluster_id: str | None) -> None:
        if any(store.cluster_id == cluster_id for store in self.stores.values()):
            raise kms_error("CloudHsmClusterInUseException", f"The cluster {cluster_id} already serves a key store")

    def _store_for(self, parameters: dict[str, Any]) -> KeyStore | None:
        """The store that a new key goes to, after the checks of CreateKey; None for material in KMS."""
        origin = parameters.get("Origin") or "AWS_KMS"
        if origin not in (CLOUDHSM, XKS):
            if parameters.get("CustomKeyStoreId"):
                raise kms_error(
                    "ValidationException", "CustomKeyStoreId needs an Origin of AWS_CLOUDHSM or EXTERNAL_KEY_STORE"
                )
            return None
        store = self.store(parameters.get("CustomKeyStoreId") or "")
        spec = parameters.get("KeySpec") or parameters.get("CustomerMasterKeySpec") or "SYMMETRIC_DEFAULT"
        if store.type != origin or spec != "SYMMETRIC_DEFAULT" or parameters.get("MultiRegion"):
            raise kms_error(
                "UnsupportedOperationException", "A custom key store holds single-Region symmetric encryption keys only"
            )
        if self.connection(store)[0] != "CONNECTED":
            raise kms_error("CustomKeyStoreInvalidStateException", f"The custom key store {store.id} is not connected")
        if origin == CLOUDHSM:
            checked_cluster(self._cluster(store), at_least=2)
        else:
            self._check_external_key(parameters.get("XksKeyId"), store)
        return store

    def _check_external_key(self, xks_key_id: str | None, store: KeyStore) -> None:
        if not xks_key_id:
            raise kms_error("ValidationException", "XksKeyId is required in an external key store")
        if any(key.xks_key_id == xks_key_id and key.store_id == store.id for key in self.keys.values()):
            raise kms_error("XksKeyAlreadyInUseException", f"The external key {xks_key_id} is in use")

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


def _managed_policy(account_id: str, region: str, service: str) -> dict[str, Any]:
    """The key policy that AWS writes for its managed keys (developer guide, "AWS managed keys")."""
    use = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:CreateGrant", "kms:DescribeKey"]
    condition = {
        "StringEquals": {"kms:CallerAccount": account_id, "kms:ViaService": f"{service}.{region}.amazonaws.com"}
    }
    return {
        "Version": "2012-10-17",
        "Id": f"auto-{service}-1",
        "Statement": [
            {
                "Sid": f"Allow access through {service} for all principals in the account authorized to use it",
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": use,
                "Resource": "*",
                "Condition": condition,
            },
            {
                "Sid": "Allow direct access to key metadata to the account",
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{account_id}:root"},
                "Action": ["kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant"],
                "Resource": "*",
            },
        ],
    }
