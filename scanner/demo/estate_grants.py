"""The grants of the estate: those that services make for themselves, and those that people made."""

from __future__ import annotations

from typing import Any

from scanner.demo.estate_keys import PARTNER
from scanner.demo.key_policies import role
from scanner.demo.world import ACCOUNT, MAIN, World

_USE = ["Decrypt", "Encrypt", "GenerateDataKey"]
_SERVICE_ROLE = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"


def build_grants(world: World) -> None:
    """Planted beside twins; the four of `sandbox` are the faulty ones."""
    made: dict[str, tuple[str, dict[str, Any]]] = {
        "attach a volume": ("app-config", {"GranteePrincipal": _SERVICE_ROLE, "Operations": [*_USE, "CreateGrant"]}),
        "database storage": (
            "ledger",
            {
                "GranteeServicePrincipal": f"rds.{MAIN}.amazonaws.com",
                "RetiringServicePrincipal": f"rds.{MAIN}.amazonaws.com",
                "Operations": _USE,
                "Constraints": {"EncryptionContextSubset": {"aws:rds:db-id": "db-LEDGER"}},
            },
        ),
        "nightly batch": (
            "fraud-scoring",
            {
                "GranteePrincipal": role("fraud-analytics-batch"),
                "RetiringPrincipal": role("fraud-scoring-app"),
                "Operations": ["Decrypt"],
                "Constraints": {"EncryptionContextEquals": {"purpose": "nightly"}},
            },
        ),
        "support case": (
            "sandbox",
            {"GranteePrincipal": f"arn:aws:iam::{ACCOUNT}:user/olga.brandt", "Operations": _USE},
        ),
        "partner pilot": (
            "sandbox",
            {
                "GranteePrincipal": f"arn:aws:iam::{PARTNER}:role/settlement-reader",
                "RetiringPrincipal": role("settlement-app"),
                "Operations": ["Decrypt"],
                "Constraints": {"EncryptionContextEquals": {"pilot": "2025"}},
            },
        ),
        "delegation": (
            "sandbox",
            {
                "GranteePrincipal": role("merchant-portal-app"),
                "RetiringPrincipal": role("merchant-portal-app"),
                "Operations": ["Decrypt", "CreateGrant"],
                "Constraints": {"EncryptionContextSubset": {"app": "portal"}},
            },
        ),
        "one-off export": (
            "sandbox",
            {
                "GranteePrincipal": role("warehouse-loader-app"),
                "Operations": ["Decrypt"],
                "Constraints": {"EncryptionContextSubset": {"job": "export"}},
            },
        ),
    }
    for name, (alias, parameters) in made.items():
        world.at("2026-03-16", f"grant {name}")
        world.client("kms").create_grant(KeyId=world.arn(alias), Name=name.replace(" ", "-"), **parameters)
