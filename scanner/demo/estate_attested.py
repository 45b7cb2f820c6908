"""What the company attests of its HSMs: users and quorum as cloudhsm-cli listed them, and the key ceremony."""

from __future__ import annotations

from typing import Any

from scanner.demo.world import World

_BY = "olga.brandt"
_APPROVERS = ("officer-1", "officer-2", "officer-3")


def attestation(world: World) -> dict[str, Any]:
    """The content of an attestation file (docs/attestation.md).

    Planted: nobody need approve on settlement-hsm, and the listing of legacy-hsm is old; pci-hsm is in order.
    """
    clusters = {store.name: store.cluster_id or "" for store in world.kms().stores.values()}
    return {
        "clusters": [
            _listing(clusters["pci-hsm"], "2026-11-02", approvals=2),
            _listing(clusters["settlement-hsm"], "2026-11-02", approvals=1),
            _listing(clusters["legacy-hsm"], "2024-03-04", approvals=2),
        ],
        "statements": [
            {
                "about": clusters["pci-hsm"],
                "topic": "key-ceremony",
                "date": "2026-02-09",
                "by": _BY,
                "text": "three custodians, minutes SEC-88",
            }
        ],
    }


def _listing(cluster: str, date: str, approvals: int) -> dict[str, Any]:
    keys = [{"strategy": "token-sign", "status": "enabled"}] if approvals > 1 else []
    officers = [{"username": name, "role": "admin", "locked": "false", "quorum": keys} for name in _APPROVERS]
    users = [*officers, {"username": "kmsuser", "role": "crypto-user", "locked": "false"}]
    return {
        "cluster": cluster,
        "date": date,
        "by": _BY,
        "users": {"error_code": 0, "data": {"users": users}},
        "quorum": {"error_code": 0, "data": {"user": approvals, "quorum": approvals}},
    }
