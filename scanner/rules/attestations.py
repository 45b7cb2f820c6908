"""Attestation files: what people attest of HSMs, since no AWS API tells it. Nothing in them outlives its date.

    clusters:
      - cluster: cluster-2abcdefghij
        date: 2026-11-02
        by: olga.brandt@example.com
        users: users.json        # aws-cloudhsm > user list
        quorum: quorum.json      # aws-cloudhsm > quorum token-sign list-quorum-values
    statements:
      - about: cluster-2abcdefghij
        topic: key-ceremony      # quorum, key-ceremony, custodians, on-premises-keys, direct-hsm-keys
        date: 2026-05-04
        expires: 2027-05-04      # else one year after its date
        by: olga.brandt@example.com
        text: material wrapped in the presence of three custodians; minutes SEC-88

A listing stands in a file of its own, beside this one, or right here as the JSON that cloudhsm-cli printed.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Struct, field

from scanner.errors import SettingsError
from scanner.model.attestation import Attestation, AttestedUser, Listing, Statement, Topic
from scanner.rules.shapes import read_struct
from scanner.rules.yamlfile import YamlFile, YamlProblem, read_yaml

LASTS = timedelta(days=365)
"""How long a listing or statement counts that names no end."""
Text = Annotated[str, Meta(min_length=1)]
S = TypeVar("S", bound=Struct)


class Registration(Struct, frozen=True):
    """A registered key of an HSM user, for login or for approvals."""

    strategy: str
    status: str = "enabled"


class ListedUser(Struct, frozen=True):
    """One user of `user list`."""

    username: Text
    role: str
    locked: str | bool = False
    mfa: tuple[Registration, ...] = ()
    quorum: tuple[Registration, ...] = ()


class Users(Struct, frozen=True):
    """The data of `user list`."""

    users: tuple[ListedUser, ...]


class UserList(Struct, frozen=True):
    """What `user list` prints (CloudHSM user guide, "cloudhsm-cli user list")."""

    data: Users
    error_code: Annotated[int, Meta(ge=0, le=0)] = 0


class QuorumList(Struct, frozen=True):
    """What `quorum token-sign list-quorum-values` prints (CloudHSM user guide): service to approvals."""

    data: dict[str, Annotated[int, Meta(ge=0)]]
    error_code: Annotated[int, Meta(ge=0, le=0)] = 0


class ClusterEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """The listings of one cluster, named by id or ARN."""

    cluster: Text
    made: date = field(name="date")
    by: Text
    users: UserList | Text | None = None
    quorum: QuorumList | Text | None = None
    expires: date | None = None


class StatementEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """One dated statement."""

    about: Text
    topic: Topic
    made: date = field(name="date")
    by: Text
    text: Text
    expires: date | None = None


class AttestationFile(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    clusters: tuple[ClusterEntry, ...] = ()
    statements: tuple[StatementEntry, ...] = ()


def load_attestation(path: Path, as_of: datetime) -> Attestation:
    """The attestation in a YAML or JSON file, as of a moment: what has lapsed by then is marked stale.

    Raises SettingsError with file, line and column for what does not fit, and for a listing that cannot be read.
    """
    file = _read(path)
    content = read_struct(file, AttestationFile, SettingsError)
    for place, cluster in enumerate(content.clusters):
        _check(file, ("clusters", place), cluster)
    for place, statement in enumerate(content.statements):
        _check(file, ("statements", place), statement)
    today = as_of.date()
    return Attestation(
        tuple(_listing(path, entry, today) for entry in content.clusters),
        tuple(_statement(entry, today) for entry in content.statements),
    )


def _check(file: YamlFile, path: tuple[str | int, ...], entry: ClusterEntry | StatementEntry) -> None:
    """SettingsError for an entry that says nothing, or for which nobody stands."""
    wrong = None
    if not entry.by.strip():
        wrong = "by", "`by` is blank", "say who attests it"
    elif entry.expires is not None and entry.expires < entry.made:
        wrong = "expires", f"it ends before its date {entry.made}", "the last day is the later one"
    elif isinstance(entry, ClusterEntry) and entry.users is None and entry.quorum is None:
        wrong = "cluster", "neither `users` nor `quorum` is listed", "name the file with what cloudhsm-cli printed"
    if wrong is not None:
        key, fault, mend = wrong
        raise SettingsError(str(file.problem_at((*path, key), fault, mend)))


def attestation_schema() -> dict[str, Any]:
    """The JSON Schema of an attestation file."""
    (schema,), parts = msgspec.json.schema_components([AttestationFile], ref_template="#/$defs/{name}")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "$defs": parts}


def _read(path: Path) -> YamlFile:
    try:
        return read_yaml(path)
    except YamlProblem as error:
        raise SettingsError(str(error.problem)) from None


def _listing(path: Path, entry: ClusterEntry, today: date) -> Listing:
    users = _beside(path, entry.users, UserList)
    quorum = _beside(path, entry.quorum, QuorumList)
    return Listing(
        cluster=entry.cluster,
        date=_moment(entry.made),
        by=entry.by,
        users=None if users is None else tuple(map(_user, users.data.users)),
        quorum=None if quorum is None else quorum.data,
        stale=_stale(f"the listing of {entry.cluster}", entry.made, entry.expires, today),
    )


def _beside(path: Path, given: S | str | None, shape: type[S]) -> S | None:
    """A listing as given, or read from the file that is named, relative to the attestation."""
    return read_struct(_read(path.parent / given), shape, SettingsError) if isinstance(given, str) else given


def _user(listed: ListedUser) -> AttestedUser:
    return AttestedUser(
        name=listed.username,
        role=listed.role,
        locked=str(listed.locked).lower() == "true",
        approves=any(one.strategy == "token-sign" and one.status == "enabled" for one in listed.quorum),
        mfa=any(one.status == "enabled" for one in listed.mfa),
    )


def _statement(entry: StatementEntry, today: date) -> Statement:
    stale = _stale(f"the statement on {entry.topic} of {entry.about}", entry.made, entry.expires, today)
    return Statement(entry.about, entry.topic, _moment(entry.made), entry.by, entry.text, stale)


def _moment(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _stale(what: str, made: date, expires: date | None, today: date) -> str | None:
    last = expires or (made + LASTS if made < date.max - LASTS else date.max)
    if today > last:
        return f"{what} of {made} counted until {last}"
    return f"{what} is dated {made}, after the day of this evaluation" if made > today else None
