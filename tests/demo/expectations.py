"""Names by which `fixtures/demo/expected.json` speaks of subjects."""

from __future__ import annotations

from scanner.demo.world import ACCOUNT, MAIN
from scanner.model.records import AliasFact, ClusterFact, KeyFact, KeyStoreFact, PrincipalFact, ResourceFact, TrailFact
from scanner.model.snapshot import Snapshot


def names_of(snapshot: Snapshot) -> dict[str, str]:
    """Subject of a finding (ARN or id) to its name."""
    clusters = {record.cluster_id: record.name for record in snapshot.of(KeyStoreFact) if record.cluster_id}
    names = {record.arn: f"{record.type} {_resource_name(record, clusters)}" for record in snapshot.of(ResourceFact)}
    names |= {record.arn: f"key {_key_name(record, snapshot)}" for record in snapshot.of(KeyFact)}
    names |= {record.arn: f"{record.type} {record.name}" for record in snapshot.of(PrincipalFact)}
    names |= {record.arn: f"trail {record.name}" for record in snapshot.of(TrailFact)}
    for key in snapshot.of(KeyFact):
        grants = key.grants if isinstance(key.grants, tuple) else ()
        names |= {grant.id: f"grant {grant.name}" for grant in grants}
    stores = {record.id: record.name for record in snapshot.of(KeyStoreFact)}
    names |= {store: f"store {name}" for store, name in stores.items()}
    return names | {record.arn: f"cluster {clusters[record.id]}" for record in snapshot.of(ClusterFact)}


def _key_name(record: KeyFact, snapshot: Snapshot) -> str:
    aliases = (
        alias.name.removeprefix("alias/")
        for alias in snapshot.of(AliasFact)
        if (alias.target_key_id, alias.region) == (record.id, record.region)
    )
    place = "" if record.region == MAIN else f"{record.region} "
    return place + next(aliases, "without alias")


def _resource_name(record: ResourceFact, clusters: dict[str, str]) -> str:
    if record.name.startswith("/aws/cloudhsm/"):
        return f"of {clusters[record.name.removeprefix('/aws/cloudhsm/')]}"
    if record.name.startswith("rds!") and isinstance(record.links, tuple):
        return f"of {record.links[0].target.rpartition(':')[2]}"
    if isinstance(record.tags, dict) and "Name" in record.tags:
        return record.tags["Name"]
    return record.name.removesuffix(f"-{ACCOUNT}")
