"""KMS aliases and custom key stores, each from one listing.

An alias is never described: DescribeKey on `alias/aws/...` creates the AWS managed key if there is none yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scanner.collect.facts import listing, stated, unset_reasons
from scanner.collect.session import Scope
from scanner.model.records import AliasFact, Item, KeyStoreFact

ALIAS_CALLS = (("kms", "ListAliases"),)
STORE_CALLS = (("kms", "DescribeCustomKeyStores"),)


def aliases(scope: Scope) -> Iterator[Item]:
    """Every alias, in one listing; `alias/aws/...` names without a key too."""

    def record(alias: dict[str, Any]) -> Iterator[Item]:
        yield AliasFact(
            account=scope.account,
            region=scope.region,
            arn=alias["AliasArn"],
            name=alias["AliasName"],
            target_key_id=alias.get("TargetKeyId"),
            created=alias.get("CreationDate"),
            updated=alias.get("LastUpdatedDate"),
        )

    return listing(scope, "kms", "ListAliases", "Aliases", ("alias",), record)


def key_stores(scope: Scope) -> Iterator[Item]:
    """Custom key stores (CloudHSM and external) with their connection state."""

    def record(store: dict[str, Any]) -> Iterator[Item]:
        proxy = store.get("XksProxyConfiguration", {})
        values = {
            # The member is younger than key stores; those without it are CloudHSM key stores.
            "type": store.get("CustomKeyStoreType", "AWS_CLOUDHSM"),
            "connection_state": stated(store, "ConnectionState"),
        }
        yield KeyStoreFact(
            account=scope.account,
            region=scope.region,
            id=store["CustomKeyStoreId"],
            name=store["CustomKeyStoreName"],
            unread=unset_reasons(values, "kms:DescribeCustomKeyStores did not say"),
            **values,
            connection_error=store.get("ConnectionErrorCode"),
            cluster_id=store.get("CloudHsmClusterId"),
            xks_connectivity=proxy.get("Connectivity"),
            xks_uri_endpoint=proxy.get("UriEndpoint"),
            xks_uri_path=proxy.get("UriPath"),
            xks_vpc_service=proxy.get("VpcEndpointServiceName"),
            created=store.get("CreationDate"),
        )

    return listing(scope, "kms", "DescribeCustomKeyStores", "CustomKeyStores", ("key-store",), record)
