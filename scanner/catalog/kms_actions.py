"""What every AWS KMS and CloudHSM action is: its class, what it may target, where policies can allow it.

The table is `data/kms_actions.json`, with its source and date; the classes in it are ours, assigned by hand.
Sources: KMS developer guide, "AWS KMS permissions" (kms-api-permissions-reference) and the service
authorization reference for both services.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from msgspec import Struct

USAGE_OF = {
    "kms:Encrypt": "ENCRYPT_DECRYPT",
    "kms:Decrypt": "ENCRYPT_DECRYPT",
    "kms:ReEncryptFrom": "ENCRYPT_DECRYPT",
    "kms:ReEncryptTo": "ENCRYPT_DECRYPT",
    "kms:GenerateDataKey": "ENCRYPT_DECRYPT",
    "kms:GenerateDataKeyPair": "ENCRYPT_DECRYPT",
    "kms:GenerateDataKeyPairWithoutPlaintext": "ENCRYPT_DECRYPT",
    "kms:GenerateDataKeyWithoutPlaintext": "ENCRYPT_DECRYPT",
    "kms:Sign": "SIGN_VERIFY",
    "kms:Verify": "SIGN_VERIFY",
    "kms:GenerateMac": "GENERATE_VERIFY_MAC",
    "kms:VerifyMac": "GENERATE_VERIFY_MAC",
    "kms:DeriveSharedSecret": "KEY_AGREEMENT",
    "kms:Encapsulate": "ENCAPSULATE_DECAPSULATE",
    "kms:Decapsulate": "ENCAPSULATE_DECAPSULATE",
}
"""The KeyUsage without which a cryptographic action fails, whatever the policies say; it never changes.

Source: KMS developer guide, "Key type reference".
"""


class KmsAction(Struct, frozen=True):
    """One action; `cls` is use, administration, grant-management or read, refined by `subclass`."""

    name: str
    """`kms:Decrypt`."""
    cls: str
    subclass: str
    resources: tuple[str, ...]
    """What a policy's Resource must name: `key`, `alias`, `cluster`, `backup`, or `*`."""
    cross_account: bool = False
    """Works on a key of another account."""
    grantable: bool = False
    """Can be an operation of a grant."""
    in_key_policy: bool = True
    """A key policy can allow or deny it."""
    internal: bool = False
    """Only AWS itself calls it."""
    condition_keys: tuple[str, ...] = ()
    """Condition keys of the service that a request of this action may carry."""

    @property
    def keyless(self) -> bool:
        """Names no key: only identity policies with `Resource: "*"` decide."""
        return self.name.startswith("kms:") and "key" not in self.resources


@cache
def _table() -> dict[str, Any]:
    text = Path(__file__).with_name("data").joinpath("kms_actions.json").read_text(encoding="utf-8")
    table: dict[str, Any] = json.loads(text)
    return table


@cache
def actions_of(service: str) -> dict[str, KmsAction]:
    """The actions of `kms` or `cloudhsm` by full name, sorted."""
    return {f"{service}:{name}": _action(f"{service}:{name}", row) for name, row in _table()[service].items()}


def _action(name: str, row: dict[str, Any]) -> KmsAction:
    return KmsAction(
        name,
        row["class"],
        row["subclass"],
        tuple(row["resources"]),
        row.get("cross_account", False),
        row.get("grantable", False),
        row.get("in_key_policy", name.startswith("kms:")),
        row.get("internal", False),
        tuple(row.get("condition_keys", ())),
    )


def key_condition_keys() -> tuple[str, ...]:
    """Condition keys that describe the key itself, present on every action that names one."""
    return tuple(_table()["key_condition_keys"])


def table_source() -> str:
    """Where the table comes from and when, for reports and documentation."""
    return f"{_table()['source']}, {_table()['date']}"
