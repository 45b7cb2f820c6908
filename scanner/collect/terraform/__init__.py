"""Terraform and OpenTofu plans and states, read into the records of a snapshot."""

from __future__ import annotations

from scanner.collect.terraform.changes import addresses_of, declared_at
from scanner.collect.terraform.overlay import options_over, overlay
from scanner.collect.terraform.plan import (
    Plan,
    PlanOptions,
    StatedWaiver,
    load_plan,
    read_plan,
    scan_plan,
    source_of,
)

__all__ = [
    "Plan",
    "PlanOptions",
    "StatedWaiver",
    "addresses_of",
    "declared_at",
    "load_plan",
    "options_over",
    "overlay",
    "read_plan",
    "scan_plan",
    "source_of",
]
