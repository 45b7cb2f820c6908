"""The HSMs of the estate: CloudHSM clusters, the custom key stores on them, and two external key stores."""

from __future__ import annotations

from typing import Any

from scanner.demo.estate_keys import PARTNER
from scanner.demo.key_policies import allow, document
from scanner.demo.world import World

_CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIBdemo\n-----END CERTIFICATE-----"
_PASSWORD = "kmsuser-demo"


def build_stores(world: World) -> dict[str, str]:
    """Every key store with its cluster, connected; name to store id."""
    subnets = _subnets(world)
    return {
        "pci-hsm": _cloudhsm(world, "pci-hsm", "2024-09-02", subnets, "abc", "hsm2m.medium", "FIPS"),
        "settlement-hsm": _cloudhsm(world, "settlement-hsm", "2025-11-10", subnets, "ab", "hsm2m.medium", "FIPS"),
        "legacy-hsm": _cloudhsm(world, "legacy-hsm", "2023-03-06", subnets, "ab", "hsm1.medium", "FIPS"),
        "partner-vault": _external(world, "partner-vault", "2026-01-12", "VPC_ENDPOINT_SERVICE"),
        "branch-vault": _external(world, "branch-vault", "2025-02-03", "PUBLIC_ENDPOINT"),
    }


def age_stores(world: World, stores: dict[str, str]) -> None:
    """What happened after the keys were made: an HSM was saved away, and `kmsuser` got locked out."""
    kms, hsm = world.client("kms"), world.client("cloudhsmv2")
    world.at("2026-09-14", "one HSM less")
    cluster = world.cluster_of(stores["settlement-hsm"])
    hsm.delete_hsm(ClusterId=cluster.id, HsmId=cluster.hsms[-1].id)
    world.at("2026-11-09", "locked out")
    world.cluster_of(stores["legacy-hsm"]).kmsuser_fault = "USER_LOCKED_OUT"
    kms.disconnect_custom_key_store(CustomKeyStoreId=stores["legacy-hsm"])
    kms.connect_custom_key_store(CustomKeyStoreId=stores["legacy-hsm"])
    world.at("2026-11-15", "daily backups")
    for name in ("pci-hsm", "settlement-hsm"):
        backup = world.cloudhsm().take_backup(world.cluster_of(stores[name]))
    share = allow("Share", {"AWS": f"arn:aws:iam::{PARTNER}:root"}, ["cloudhsm:CopyBackupToRegion"])
    hsm.put_resource_policy(ResourceArn=backup.arn, Policy=document(share | {"Resource": backup.arn}))


def _subnets(world: World) -> dict[str, str]:
    world.at("2021-04-05", "network")
    ec2 = world.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    return {
        zone: ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.20.{n}.0/24", AvailabilityZone=f"eu-central-1{zone}")[
            "Subnet"
        ]["SubnetId"]
        for n, zone in enumerate("abc")
    }


def _cloudhsm(world: World, name: str, date: str, subnets: dict[str, str], zones: str, hsm_type: str, mode: str) -> str:
    world.at(date, f"cluster {name}")
    hsm = world.client("cloudhsmv2")
    tags = [{"Key": "Name", "Value": name}, {"Key": "DataClass", "Value": "pci"}]
    wanted: dict[str, Any] = {"SubnetIds": [subnets[zone] for zone in "abc"], "HsmType": hsm_type, "Mode": mode}
    cluster = hsm.create_cluster(**wanted, TagList=tags)["Cluster"]["ClusterId"]
    for zone in zones:
        hsm.create_hsm(ClusterId=cluster, AvailabilityZone=f"eu-central-1{zone}")
    hsm.initialize_cluster(ClusterId=cluster, SignedCert=_CERTIFICATE, TrustAnchor=_CERTIFICATE)
    return _connected(
        world,
        CustomKeyStoreName=name,
        CloudHsmClusterId=cluster,
        KeyStorePassword=_PASSWORD,
        TrustAnchorCertificate=_CERTIFICATE,
    )


def _external(world: World, name: str, date: str, connectivity: str) -> str:
    world.at(date, f"external store {name}")
    wanted = {
        "CustomKeyStoreName": name,
        "CustomKeyStoreType": "EXTERNAL_KEY_STORE",
        "XksProxyConnectivity": connectivity,
        "XksProxyUriEndpoint": f"https://{name}.xks.example.com",
        "XksProxyUriPath": "/kms/xks/v1",
        "XksProxyAuthenticationCredential": {
            "AccessKeyId": "DEMOXKSPROXYACCESS22",
            "RawSecretAccessKey": "x" * 43 + "=",
        },
    }
    if connectivity == "VPC_ENDPOINT_SERVICE":
        wanted["XksProxyVpcEndpointServiceName"] = "com.amazonaws.vpce.eu-central-1.vpce-svc-0d1e2m3o4d5e6m7o8"
    return _connected(world, **wanted)


def _connected(world: World, **wanted: Any) -> str:
    kms = world.client("kms")
    store: str = kms.create_custom_key_store(**wanted)["CustomKeyStoreId"]
    kms.connect_custom_key_store(CustomKeyStoreId=store)
    return store
