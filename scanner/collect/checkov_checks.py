"""Which of checkov's checks ask what which of our rules ask, and where the two may differ.

Facts from checkov 3.3.30 (`checkov --list --framework terraform` and its documentation of each check).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Check(NamedTuple):
    """One check of checkov: rules that ask the same, and why an answer may differ."""

    rules: tuple[str, ...]
    difference: str


_ROTATION = Check(
    ("key-rotation-off",),
    "checkov looks at the attribute of aws_kms_key alone; keys in a key store and imported keys cannot rotate",
)
_WILDCARD = Check(
    ("key-policy-public",),
    "checkov accepts any condition and a policy that is not known yet, and does not read aws_kms_key_policy",
)
_ENABLED = Check(("key-disabled-in-use",), "checkov fails every disabled key; this rule, one that something still uses")
_ENCRYPTION = Check(
    ("resource-unencrypted",),
    "checkov looks for the attribute; this rule knows what AWS does without it",
)
_CUSTOMER_KEY = Check(
    ("resource-below-required-custody", "pci-resource-off-cks", "secret-on-aws-managed-key"),
    "checkov wants some key named on every resource, an AWS managed one too; "
    "these rules want what the settings demand of the data",
)
_TRAIL_KEY = Check(("trail-unencrypted",), "checkov looks for the attribute alone")
_TRAIL_VALIDATION = Check(("trail-validation-off",), "checkov looks at the attribute alone")

_ENCRYPTION_IDS = (
    "3 5 8 16 19 26 27 29 42 43 44 47 58 64 74 77 78 81 94 96 106 136 140 145 146 155 156 214 235 240 253 255 279 292 "
    "308 311 349 350"
)
_CUSTOMER_KEY_IDS = (
    "22 98 119 142 147 149 158 159 160 166 173 177 178 179 180 181 182 183 184 185 186 187 189 190 191 199 200 201 203 "
    "204 209 212 219 221 236 241 245 246 247 254 256 262 263 264 265 266 267 268 269 270 271 278 280 281 282 294 296 "
    "297 298 327 337 345 346 347 354 367 368 372 373 381"
)


def _named(ids: str, check: Check) -> dict[str, Check]:
    return {f"CKV_AWS_{number}": check for number in ids.split()}


CHECKS: Mapping[str, Check] = {
    **_named(_ENCRYPTION_IDS, _ENCRYPTION),
    **_named(_CUSTOMER_KEY_IDS, _CUSTOMER_KEY),
    "CKV_AWS_7": _ROTATION,
    "CKV_AWS_33": _WILDCARD,
    "CKV_AWS_35": _TRAIL_KEY,
    "CKV_AWS_36": _TRAIL_VALIDATION,
    "CKV_AWS_227": _ENABLED,
    "CKV2_AWS_2": _ENCRYPTION,
    "CKV2_AWS_34": _ENCRYPTION,
    "CKV2_AWS_73": _CUSTOMER_KEY,
}
"""Check id to what it corresponds to; checks that are not here are outside what keyproof judges."""
