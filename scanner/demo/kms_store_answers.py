"""The custom key store calls of the emulated KMS."""

from __future__ import annotations

import json

from scanner.demo.kms_answers import KmsAnswers
from scanner.demo.kms_stores import kms_error


class StoreAnswers(KmsAnswers):
    """Custom key stores: make, connect, describe, change, delete."""

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
