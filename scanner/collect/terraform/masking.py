"""Sensitive values leave a document before anything else sees them: by Terraform's own marks and by our list.

A masked leaf becomes `MASKED`, never a length, a hash or a part of the value.
"""

from __future__ import annotations

from typing import Any, Final

MASKED: Final = "(sensitive value)"

KEY_SECRETS: dict[str, tuple[str, ...]] = {
    "aws_kms_custom_key_store": ("key_store_password", "xks_proxy_authentication_credential"),
    "aws_kms_external_key": ("key_material_base64",),
    "aws_kms_replica_external_key": ("key_material_base64",),
    "aws_kms_ciphertext": ("plaintext",),
    "aws_kms_secrets": ("plaintext",),
}
"""Attributes that hold key material, a plaintext or a key store's password: a finding when they have a value."""

SECRET_NAMES = frozenset(
    {
        "access_key",
        "admin_password",
        "api_key",
        "auth_token",
        "certificate_private_key",
        "client_secret",
        "connection_string",
        "encrypted_password",
        "encrypted_ses_smtp_password_v4",
        "environment",
        "environment_variables",
        "header",
        "key_material_base64",
        "key_store_password",
        "kms_ciphertext_blob",
        "master_password",
        "master_user_password",
        "oauth_token",
        "passphrase",
        "password",
        "password_data",
        "plaintext",
        "private_key",
        "private_key_pem",
        "raw_secret_access_key",
        "secret",
        "secret_access_key",
        "secret_binary",
        "secret_key",
        "secret_string",
        "ses_smtp_password_v4",
        "session_token",
        "shared_secret",
        "ssh_private_key",
        "token",
        "user_data",
        "user_data_base64",
        "webhook_secret",
        "xks_proxy_authentication_credential",
    }
)
"""Top-level and nested attribute names whose values are never kept, marked sensitive or not."""


def mask(kind: str, values: Any, mirror: Any) -> tuple[Any, tuple[str, ...]]:
    """`values` without secrets, and the attributes of `KEY_SECRETS` that had one.

    `mirror` has the shape of `values` with `true` at sensitive leaves. The input is not changed.
    """
    named = values if isinstance(values, dict) else {}
    secrets = tuple(name for name in KEY_SECRETS.get(kind, ()) if _has_value(named.get(name)))
    return _by_name(_by_mirror(values, mirror)), secrets


def secrets_to_come(kind: str, unknown: Any) -> tuple[str, ...]:
    """The attributes of `KEY_SECRETS` whose value is known only after apply, and stands in the state from then on."""
    marked = unknown if isinstance(unknown, dict) else {}
    return tuple(name for name in KEY_SECRETS.get(kind, ()) if _has_value(marked.get(name)))


def _has_value(value: Any) -> bool:
    return value not in (None, "", [], {}, False)


def _by_mirror(values: Any, mirror: Any) -> Any:
    if mirror is True:
        return MASKED if _has_value(values) else values
    if isinstance(values, dict) and isinstance(mirror, dict):
        return {name: _by_mirror(value, mirror.get(name)) for name, value in values.items()} if mirror else values
    if isinstance(values, list) and isinstance(mirror, list) and mirror:
        padded = [*mirror, *[None] * (len(values) - len(mirror))]
        return [_by_mirror(value, part) for value, part in zip(values, padded, strict=False)]
    return values


def _by_name(values: Any) -> Any:
    """Copies only where something is masked, since most plans have nothing to mask."""
    if isinstance(values, dict):
        copy: dict[str, Any] = values
        for name, value in values.items():
            kept = MASKED if name in SECRET_NAMES and _has_value(value) else _by_name(value)
            if kept is not value:
                copy = dict(copy) if copy is values else copy
                copy[name] = kept
        return copy
    if isinstance(values, list):
        kept_items = [_by_name(item) if isinstance(item, (dict, list)) else item for item in values]
        changed = any(new is not old for new, old in zip(kept_items, values, strict=True))
        return kept_items if changed else values
    return values
