"""What actions do to a key or its material beside allowing its use: redirect it, deny it, administer what holds it.

Nothing here gives kms:Decrypt, so nothing here is told as such. Sources: KMS developer guide, "Edit external key
store properties", "Edit AWS CloudHSM key store settings", "Disconnect an AWS CloudHSM key store", "Importing key
material"; CloudHSM user guide, "Creating clusters from backups", "Working with shared backups".
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from scanner.authz.actions import KEY_ACTIONS, bit
from scanner.authz.keys import KeySubject

EffectClass = Literal["administer", "deny", "redirect"]
CLOUDHSM, XKS, IMPORTED = "AWS_CLOUDHSM", "EXTERNAL_KEY_STORE", "EXTERNAL"


class Effect(Struct, frozen=True):
    """What one action does to a key of some origin; `on` says which resources a policy has to name for it."""

    cls: EffectClass
    says: str
    on: Literal["key", "store", "cluster", "backup"] = "store"


_CLONE = (
    "the keys in it open to the credentials of an HSM user, such as the password of the kmsuser, and to nobody else"
)
EFFECTS: dict[tuple[str, str], Effect] = {
    ("kms:UpdateCustomKeyStore", XKS): Effect(
        "redirect",
        "points KMS at another proxy or credential while the store is disconnected: whoever runs that proxy sees what "
        "is encrypted from then on, and the key material stays in the external key manager",
    ),
    ("kms:UpdateCustomKeyStore", CLOUDHSM): Effect(
        "redirect",
        "points KMS at another cluster of the same backup history, or states another password of the kmsuser, while "
        "the store is disconnected",
    ),
    **{
        ("kms:ConnectCustomKeyStore", origin): Effect("administer", "makes the keys of the store usable again")
        for origin in (XKS, CLOUDHSM)
    },
    ("kms:DisconnectCustomKeyStore", XKS): Effect(
        "deny", "no key of the store can be used until it is connected again"
    ),
    ("kms:DisconnectCustomKeyStore", CLOUDHSM): Effect(
        "deny",
        "no key of the store can be used until it is connected again; KMS logs out, so that whoever knows the password "
        "of the kmsuser can log in to the HSMs and use the keys there",
    ),
    ("cloudhsm:PutResourcePolicy", CLOUDHSM): Effect(
        "administer", f"shares a backup with an account that can make a cluster from it: {_CLONE}", "backup"
    ),
    ("cloudhsm:CopyBackupToRegion", CLOUDHSM): Effect(
        "administer", f"copies a backup to a Region where a cluster can be made from it: {_CLONE}", "backup"
    ),
    ("cloudhsm:CreateCluster", CLOUDHSM): Effect("administer", f"makes a cluster from a backup: {_CLONE}", "backup"),
    ("cloudhsm:RestoreBackup", CLOUDHSM): Effect(
        "administer", f"brings a deleted backup back, from which a cluster can be made: {_CLONE}", "backup"
    ),
    ("cloudhsm:ModifyBackupAttributes", CLOUDHSM): Effect(
        "administer", f"keeps a backup from expiring, from which a cluster can be made: {_CLONE}", "backup"
    ),
    ("cloudhsm:DeleteHsm", CLOUDHSM): Effect("deny", "takes HSMs from the cluster that holds the key", "cluster"),
    ("cloudhsm:DeleteCluster", CLOUDHSM): Effect("deny", "deletes the cluster that holds the key", "cluster"),
    ("cloudhsm:DeleteBackup", CLOUDHSM): Effect("deny", "deletes what the key could be restored from", "backup"),
    ("kms:ImportKeyMaterial", IMPORTED): Effect(
        "administer",
        "brings key material that whoever brings it knows; material once imported can only be brought again the same, "
        "or, for symmetric keys, followed by new material",
        "key",
    ),
    ("kms:DeleteImportedKeyMaterial", IMPORTED): Effect(
        "deny", "the key cannot be used until somebody who has the same material imports it again", "key"
    ),
    **{
        ("kms:ScheduleKeyDeletion", origin): Effect("deny", "the key is gone after 7 to 30 days", "key")
        for origin in ("AWS_KMS", IMPORTED, XKS, CLOUDHSM)
    },
    **{
        ("kms:DisableKey", origin): Effect("deny", "the key cannot be used until it is enabled again", "key")
        for origin in ("AWS_KMS", IMPORTED, XKS, CLOUDHSM)
    },
}
"""By action and origin of the key."""


def effect_on(action: str, key: KeySubject) -> Effect | None:
    """What an action does to a key beside allowing its use; None for what this table does not hold."""
    return EFFECTS.get((action, str(key.record.origin)))


def is_about_store(action: str) -> bool:
    """Whether an action is about what holds keys, and not asked of keys themselves."""
    return not bit(action) & KEY_ACTIONS and any(action == name for name, _ in EFFECTS)
