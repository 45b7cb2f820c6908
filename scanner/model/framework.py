"""Somebody's standard as a list of requirements, so that a report can also show those that no rule covers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Requirement:
    """One requirement in our own words."""

    id: str
    """Its number in the standard: `3.7.4`."""
    title: str
    manual: bool = False
    """No scan can tell; a person must show it."""


@dataclass(frozen=True, slots=True)
class Framework:
    """One file of `policies/frameworks/`; `id` is `pci-dss-4.0.1`."""

    id: str
    title: str
    source: str = ""
    requirements: tuple[Requirement, ...] = ()
