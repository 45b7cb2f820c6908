"""What the company attests of its HSMs: users and quorum as cloudhsm-cli listed them, and the key ceremony."""

from __future__ import annotations

from datetime import UTC, datetime

from scanner.demo.world import AS_OF, World
from scanner.model.attestation import Attestation, AttestedUser, Listing, Statement

_BY = "olga.brandt"
_APPROVERS = ("officer-1", "officer-2", "officer-3")


def attestation(world: World) -> Attestation:
    """Planted: nobody need approve on settlement-hsm, and the listing of legacy-hsm is old; pci-hsm is in order."""
    clusters = {store.name: store.cluster_id or "" for store in world.kms().stores.values()}
    listed = datetime(2026, 11, 2, tzinfo=UTC)
    ceremony = Statement(
        clusters["pci-hsm"], "key-ceremony", datetime(2026, 2, 9, tzinfo=UTC), _BY, "three custodians, minutes SEC-88"
    )
    stale = f"the listing of {clusters['legacy-hsm']} of 2024-03-04 counted until 2025-03-04"
    return Attestation(
        listings=(
            _listing(clusters["pci-hsm"], listed, approvals=2),
            _listing(clusters["settlement-hsm"], listed, approvals=1),
            _listing(clusters["legacy-hsm"], AS_OF.replace(year=2024), approvals=2, stale=stale),
        ),
        statements=(ceremony,),
    )


def _listing(cluster: str, date: datetime, approvals: int, stale: str | None = None) -> Listing:
    users = tuple(AttestedUser(name, "admin", approves=approvals > 1) for name in _APPROVERS)
    kms = AttestedUser("kmsuser", "crypto-user")
    return Listing(cluster, date, _BY, (*users, kms), {"user": approvals, "quorum": approvals}, stale)
