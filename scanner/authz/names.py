"""From the names that people type to the actions, keys and principals of a snapshot, or the nearest valid name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from scanner.authz.actions import KEY_ACTIONS, bit, is_known, spelled
from scanner.authz.actions import names as actions_in
from scanner.authz.effects import Effect, effect_on, is_about_store
from scanner.authz.keys import KeySubject
from scanner.authz.principals import parse_caller
from scanner.authz.subjects import Subject, Subjects
from scanner.catalog.kms_actions import actions_of, key_condition_keys
from scanner.errors import UsageError


class UnknownNameError(UsageError):
    """No action, key or principal has this name; the message names the nearest one."""


def action_named(text: str) -> str:
    """A KMS action that names a key, or one about what holds keys, in AWS's spelling."""
    if is_known(text) and (bit(text) & KEY_ACTIONS or is_about_store(spelled(text))):
        return spelled(text)
    if is_known(text):
        raise UnknownNameError(f"`{spelled(text)}` is not asked of a key: only identity policies decide on it")
    raise _unknown("action", text, actions_in(KEY_ACTIONS))


def condition_key_named(text: str) -> str:
    """A condition key: one of KMS is in its table, those of other services are taken as they are written."""
    in_table = {key for action in actions_of("kms").values() for key in action.condition_keys} | {*key_condition_keys()}
    written = text.lower()
    families = {key.partition("${")[0] for key in in_table}
    known = any(written == key.lower() or (key[-1] in ":/" and written.startswith(key.lower())) for key in families)
    if not known and (written.startswith("kms:") or ":" not in written):
        raise _unknown("condition key", text, families)
    return text


def effect_named(action: str, key: KeySubject) -> Effect | None:
    """What an action does to a key beside its use; UnknownNameError for an action about a store that holds it not."""
    effect = effect_on(action, key)
    if effect is None and is_about_store(action):
        raise UnknownNameError(f"`{action}` does nothing to {key.arn}, whose origin is {key.record.origin}")
    return effect


def key_named(text: str, keys: Mapping[str, KeySubject], aliases: Mapping[str, tuple[str, ...]]) -> KeySubject:
    """The key with this ARN, id, alias name or alias ARN."""
    if text in keys:
        return keys[text]
    found = sorted(_keys_by_name(keys, aliases).get(text, ()))
    if len(found) > 1:
        raise UnknownNameError(f"`{text}` names {len(found)} keys, say which by its ARN: {', '.join(found)}")
    if not found:
        raise _unknown("key", text, [*keys, *_keys_by_name(keys, aliases)])
    return keys[found[0]]


def _keys_by_name(keys: Mapping[str, KeySubject], aliases: Mapping[str, tuple[str, ...]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for arn, key in keys.items():
        found[key.record.id].add(arn)
        for alias in aliases.get(arn, ()):
            found[alias].add(arn)
            found[f"{arn.partition(':key/')[0]}:{alias}"].add(arn)
    return found


def principal_named(text: str, subjects: Subjects) -> Subject:
    """The principal with this ARN, or the one user or role with this name; strangers by ARN or service name."""
    if text in subjects.by_arn:
        return subjects.by_arn[text]
    named = [s for s in subjects.all() if s.record is not None and s.record.name == text]
    if len(named) > 1:
        listed = ", ".join(subject.caller.text for subject in named)
        raise UnknownNameError(f"`{text}` names {len(named)} principals, say which by its ARN: {listed}")
    if named:
        return named[0]
    stranger = None if parse_caller(text).kind == "root" else subjects.stranger(text)
    if stranger is None:
        raise _unknown(
            "principal", text, [n for s in subjects.all() for n in (s.caller.text, s.record and s.record.name) if n]
        )
    return stranger


def _unknown(kind: str, text: str, valid: Iterable[str]) -> UnknownNameError:
    from difflib import get_close_matches  # only for what is wrong

    near = get_close_matches(text, sorted(set(valid)), n=1, cutoff=0.5)
    return UnknownNameError(f"unknown {kind} `{text}`" + (f", did you mean `{near[0]}`?" if near else ""))
