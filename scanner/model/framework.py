"""Somebody's standard as a list of requirements, so that a report can also show those that no rule covers."""

from __future__ import annotations

from msgspec import Struct


class Requirement(Struct, frozen=True):
    """One requirement in our own words."""

    id: str
    """Its number in the standard: `3.7.4`."""
    title: str
    manual: bool = False
    """No scan can tell; a person must show it."""


class Framework(Struct, frozen=True):
    """One file of `policies/frameworks/`; `id` is `pci-dss-4.0.1`."""

    id: str
    title: str
    source: str = ""
    requirements: tuple[Requirement, ...] = ()
