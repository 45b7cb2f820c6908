"""The custom key stores of an emulated KMS, and which of them a new key goes to."""

from __future__ import annotations

from typing import Any, cast

from moto.cloudhsmv2.models import cloudhsmv2_backends
from moto.kms import models
from moto.moto_api._internal import mock_random

from scanner.demo.kms_material import now
from scanner.demo.kms_model import Key
from scanner.demo.kms_stores import CLOUDHSM, XKS, HsmCluster, KeyStore, checked_cluster, kms_error, xks_configuration


class StoreBackend(models.KmsBackend):
    """moto's backend with custom key stores."""

    keys: dict[str, Key]  # type: ignore[assignment]

    def __init__(self, region_name: str, account_id: str | None = None) -> None:
        super().__init__(region_name, account_id)
        self.stores: dict[str, KeyStore] = {}

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
        clusters = cloudhsmv2_backends[self.account_id][self.region_name].clusters
        return cast("HsmCluster | None", clusters.get(store.cluster_id))

    def _check_store_name(self, name: str) -> None:
        if any(store.name == name for store in self.stores.values()):
            raise kms_error("CustomKeyStoreNameInUseException", f"The name {name} is in use")

    def _check_unused(self, cluster_id: str | None) -> None:
        if any(store.cluster_id == cluster_id for store in self.stores.values()):
            raise kms_error("CloudHsmClusterInUseException", f"The cluster {cluster_id} already serves a key store")

    def store_for(self, parameters: dict[str, Any]) -> KeyStore | None:
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
