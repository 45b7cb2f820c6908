"""Block storage of the emulation: the keys of volumes and snapshots, and the encryption default of a Region.

Follows the Amazon EBS user guide, "Amazon EBS encryption": whether and with which key something is encrypted
depends on the request, the default of the Region, and the snapshot that it comes from.
"""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models import EC2Backend as MotoEc2Backend
from moto.ec2.models.elastic_block_store import Snapshot, Volume
from moto.ec2.responses import EC2Response as MotoEc2Response

from scanner.demo.extending import Extension
from scanner.demo.key_references import key_arn, managed_key_arn

COPY_VOLUME = "vol-ffffffff"
"""A copied snapshot has this volume id, which names nothing."""


class CopiedSnapshot(Snapshot):
    """A snapshot that was copied from another one."""

    @property
    def volume_id(self) -> str:
        """The id that stands for no volume."""
        return COPY_VOLUME


class Ec2Backend(MotoEc2Backend):
    """moto's EC2 with the keys of EBS."""

    ebs_encryption_by_default = False
    default_kms_key_id = ""

    def default_key(self) -> str:
        """The key that EBS uses where a request names none."""
        return self.default_kms_key_id or managed_key_arn(self.account_id, self.region_name, "ebs")

    def _create_default_encryption_key(self) -> str:
        return managed_key_arn(self.account_id, self.region_name, "ebs")

    def create_volume(  # type: ignore[override]
        self,
        size: int,
        zone_name: str,
        snapshot_id: str | None = None,
        encrypted: bool = False,
        kms_key_id: str | None = None,
        **options: Any,
    ) -> Volume:
        """A volume; from an encrypted snapshot it takes over encryption and, unless told otherwise, the key."""
        source = self.get_snapshot(snapshot_id) if snapshot_id else None
        inherited = source.kms_key_id if source else None
        encrypted = encrypted or bool(inherited) or self.ebs_encryption_by_default
        reference = kms_key_id or inherited or self.default_key() if encrypted else None
        key = key_arn(self.account_id, self.region_name, reference) if reference else None
        return super().create_volume(size, zone_name, snapshot_id, encrypted, key, **options)

    def create_snapshot(
        self, volume_id: str, description: str, owner_id: str | None = None, from_ami: str | None = None
    ) -> Snapshot:
        """A snapshot, under the key of its volume."""
        snapshot = super().create_snapshot(volume_id, description, owner_id, from_ami)
        snapshot.kms_key_id = self.get_volume(volume_id).kms_key_id
        return snapshot

    def copied(self, source: Snapshot, parameters: dict[str, Any]) -> Snapshot:
        """A copy into this Region; encrypted if asked for, if the source is, or by the default of the Region."""
        wanted = parameters.get("Encrypted") or source.encrypted or self.ebs_encryption_by_default
        reference = (parameters.get("KmsKeyId") or self.default_key()) if wanted else None
        origin = f"[Copied {source.id} from {parameters['SourceRegion']}]"
        snapshot = CopiedSnapshot(
            self,
            self._new_snapshot_id(),
            source.volume,
            " ".join(filter(None, (origin, parameters.get("Description")))),
            encrypted=wanted,
            kms_key_id=key_arn(self.account_id, self.region_name, reference) if reference else None,
        )
        self.snapshots[snapshot.id] = snapshot
        return snapshot

    @staticmethod
    def _new_snapshot_id() -> str:
        from moto.ec2.utils import random_snapshot_id

        return random_snapshot_id()


class Ec2Response(MotoEc2Response):
    """moto's EC2 handler with what it lacks about EBS."""

    @property
    def _state(self) -> Ec2Backend:
        return self.ec2_backend  # type: ignore[no-any-return]

    def copy_snapshot(self) -> ActionResult:
        """CopySnapshot."""
        from moto.ec2.models import ec2_backends

        source_backend = ec2_backends[self.current_account][self._get_param("SourceRegion")]
        source = source_backend.get_snapshot(self._get_param("SourceSnapshotId"))
        names = ("SourceRegion", "Description", "KmsKeyId")
        parameters = {name: self._get_param(name) for name in names} | {"Encrypted": self._get_bool_param("Encrypted")}
        snapshot = self._state.copied(source, parameters)
        snapshot.add_tags(self._parse_tag_specification().get("snapshot", {}))
        return ActionResult({"SnapshotId": snapshot.id, "Tags": snapshot.tag_set})

    def describe_snapshots(self) -> ActionResult:
        """DescribeSnapshots; `self` among the owners leaves out the public ones of AWS."""
        snapshots = self._state.describe_snapshots(
            snapshot_ids=self._get_param("SnapshotIds", []), filters=self._filters_from_querystring()
        )
        owners = {self.current_account if owner == "self" else owner for owner in self._get_param("OwnerIds", [])}
        own = [s for s in snapshots if s.owner_id == self.current_account and not s.from_ami]
        shown = (
            own if owners == {self.current_account} else [s for s in snapshots if not owners or s.owner_id in owners]
        )
        return ActionResult({"Snapshots": shown})

    def get_ebs_default_kms_key_id(self) -> ActionResult:
        """GetEbsDefaultKmsKeyId: the alias of the AWS managed key until another is set."""
        return ActionResult({"KmsKeyId": self._state.default_kms_key_id or "alias/aws/ebs"})

    def get_snapshot_block_public_access_state(self) -> ActionResult:
        """GetSnapshotBlockPublicAccessState: never blocked here."""
        return ActionResult({"State": "unblocked", "ManagedBy": "account"})


EXTENSION = Extension("ec2", Ec2Response, Ec2Backend)
