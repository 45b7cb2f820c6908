"""Custom key stores of an emulated KMS: CloudHSM and external ones, and whether they are connected.

Follows the KMS API reference (CreateCustomKeyStore, ConnectCustomKeyStore, CustomKeyStoresListEntry).
Connecting takes no time here; it fails as AWS says it does, from the state of the cluster or proxy.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from moto.core.exceptions import JsonRESTError
from msgspec import Struct

CLOUDHSM = "AWS_CLOUDHSM"
XKS = "EXTERNAL_KEY_STORE"


class HsmCluster(Protocol):
    """What a key store needs to know of its CloudHSM cluster."""

    state: str
    kmsuser_fault: str | None
    """The ConnectionErrorCode that logging in as `kmsuser` ends in: USER_LOCKED_OUT ..."""

    def active_zones(self) -> Sequence[str]:
        """The Availability Zone of each active HSM."""


def kms_error(code: str, message: str) -> JsonRESTError:
    """An error of the KMS API; `code` is a name of its model."""
    return JsonRESTError(code, message)


class KeyStore(Struct):
    """One custom key store; `xks` holds the proxy configuration of an external one, without its secret."""

    id: str
    name: str
    type: str
    created: datetime
    cluster_id: str | None = None
    trust_anchor: str | None = None
    xks: dict[str, str] | None = None
    connected: bool = False
    error: str | None = None
    proxy_fault: str | None = None
    """The ConnectionErrorCode that reaching the external proxy ends in."""

    def connection(self, cluster: HsmCluster | None) -> tuple[str, str | None]:
        """ConnectionState and ConnectionErrorCode now; a cluster that lost its last HSM fails the connection."""
        error = self.error
        if self.connected and self.type == CLOUDHSM and (cluster is None or not cluster.active_zones()):
            error = "INSUFFICIENT_CLOUDHSM_HSMS"
        if self.connected and self.proxy_fault:
            error = self.proxy_fault
        if error:
            return "FAILED", error
        return ("CONNECTED" if self.connected else "DISCONNECTED"), None

    def connect(self, cluster: HsmCluster | None) -> None:
        """Start connecting; it ends CONNECTED, or FAILED with its reason."""
        if self.connection(cluster)[0] != "DISCONNECTED":
            raise kms_error(
                "CustomKeyStoreInvalidStateException", f"The custom key store {self.id} is not disconnected"
            )
        if self.type == CLOUDHSM:
            self.error = checked_cluster(cluster, at_least=1).kmsuser_fault
        else:
            self.error = self.proxy_fault
        self.connected = self.error is None

    def disconnect(self) -> None:
        """Disconnect; its keys become unavailable."""
        if not self.connected and self.error is None:
            raise kms_error("CustomKeyStoreInvalidStateException", f"The custom key store {self.id} is not connected")
        self.connected, self.error = False, None

    def to_dict(self, cluster: HsmCluster | None) -> dict[str, Any]:
        """The entry of DescribeCustomKeyStores."""
        state, error = self.connection(cluster)
        entry = {
            "CustomKeyStoreId": self.id,
            "CustomKeyStoreName": self.name,
            "CustomKeyStoreType": self.type,
            "CloudHsmClusterId": self.cluster_id,
            "TrustAnchorCertificate": self.trust_anchor,
            "ConnectionState": state,
            "ConnectionErrorCode": error,
            "CreationDate": self.created.timestamp(),
            "XksProxyConfiguration": self.xks,
        }
        return {name: value for name, value in entry.items() if value is not None}


def checked_cluster(cluster: HsmCluster | None, *, at_least: int) -> HsmCluster:
    """The cluster, if it is active and has active HSMs in `at_least` different Availability Zones."""
    if cluster is None:
        raise kms_error("CloudHsmClusterNotFoundException", "The CloudHSM cluster was not found")
    if cluster.state not in ("ACTIVE", "DEGRADED"):
        raise kms_error("CloudHsmClusterNotActiveException", "The CloudHSM cluster is not active")
    if len(set(cluster.active_zones())) < at_least:
        raise kms_error(
            "CloudHsmClusterInvalidConfigurationException",
            f"The cluster must have active HSMs in at least {at_least} different Availability Zones",
        )
    return cluster


def xks_configuration(parameters: dict[str, Any]) -> dict[str, str]:
    """The stored proxy configuration; the raw secret access key is dropped, as AWS never shows it."""
    wanted = {
        "Connectivity": parameters.get("XksProxyConnectivity"),
        "AccessKeyId": (parameters.get("XksProxyAuthenticationCredential") or {}).get("AccessKeyId"),
        "UriEndpoint": parameters.get("XksProxyUriEndpoint"),
        "UriPath": parameters.get("XksProxyUriPath"),
        "VpcEndpointServiceName": parameters.get("XksProxyVpcEndpointServiceName"),
        "VpcEndpointServiceOwner": parameters.get("XksProxyVpcEndpointServiceOwner"),
    }
    return {name: value for name, value in wanted.items() if value is not None}
