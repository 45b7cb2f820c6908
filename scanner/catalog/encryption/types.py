"""The words of the table: how one row says where a resource type names its keys, in the API and in Terraform.

Two interpreters read the rows, `scanner.collect.resources` (API) and `scanner.collect.terraform` (plans); both
settle what silence means with `key_use`, so that the same fact gets the same answer from either source.

API paths are JMESPath into the item that the calls of a row put together. Terraform paths are dotted
(`server_side_encryption.kms_key_arn`), absolute from the resource, for keys and flags alike; every step but the
last is a block, which a plan shows as a list (or an object): one use per block instance, and a flag that shares the
block is read in the same instance.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias

from msgspec import Struct, field

from scanner.model.records import KeyUse, UseState

Relation: TypeAlias = Literal["derived_from", "replicates_to", "unlocks"]


class Absent(Struct, frozen=True):
    """What it means that a field names no key; `state` None: there is nothing here to protect, so no use.

    `silent`: it speaks of silence alone, so a key that is named beside it wins, whatever flag led here.
    """

    state: UseState | None
    key: str | None = None
    reason: str | None = None
    silent: bool = False


UNENCRYPTED = Absent("UNENCRYPTED")
AWS_OWNED = Absent("AWS_OWNED")
AWS_OWNED_UNLESS_NAMED = Absent("AWS_OWNED", silent=True)
"""For switches of encryption as such: on without a key means one that AWS owns, on with a key means that key."""
NOT_USED = Absent(None)


def some_key(reason: str) -> Absent:
    """Encrypted, though silence does not tell by which key, because of `reason`."""
    return Absent("KEY", reason=reason)


NOT_NAMED = some_key("encrypted, but no key is named")
"""AWS names the key whenever there is one, so silence is no answer."""


def aws_managed(service: str) -> Absent:
    """Silence means the AWS managed key `alias/aws/<service>`."""
    return Absent("KEY", key=f"alias/aws/{service}")


def untold(reason: str) -> Absent:
    """Silence tells nothing, because of `reason`."""
    return Absent("UNKNOWN", reason=reason)


AS_SOURCE = untold("a copy without a key of its own takes over the encryption of its source")


class Flag(Struct, frozen=True):
    """A second field that decides what silence means: a switch (`StorageEncrypted`) or a kind (`SSEAlgorithm`).

    `answers` maps its values (compared as text, without case) to what each means; `missing` holds where the field
    is not there, and None makes that UNKNOWN. A value outside `answers` means `other`, or is UNKNOWN. A stated value
    that means UNENCRYPTED, AWS_OWNED or NOT_USED holds whatever key is named beside it, unless the flag `yields` to
    a key or that meaning is `silent`.
    """

    path: str
    answers: Mapping[str, Silence] | Mapping[bool, Silence]
    missing: Silence | None = None
    yields: bool = False
    other: Silence | None = None


Silence: TypeAlias = Absent | Flag


def switch(path: str, on: Silence, missing: Silence | None = None, off: Silence = UNENCRYPTED) -> Flag:
    """A boolean flag: `on` when true, `off` when false."""
    return Flag(path, {True: on, False: off}, missing)


def copied_from(path: str, otherwise: Silence) -> Flag:
    """A copy without a key of its own takes over the encryption of the source that `path` names, where it names one."""
    return Flag(path, {"": otherwise}, missing=otherwise, other=AS_SOURCE)


class At(Struct, frozen=True):
    """A place in Terraform: the attribute `path` of resources of `type`; empty where Terraform has no such attribute.

    A path that ends in a dot is a block that can say whether it is encrypted, and not by which key.

    `absent` says what an attribute that is not written means; None: the same as in the API, which a test allows
    only where that is no `Flag`. `home` marks a companion resource that completes another: it is the attribute
    by which the companion names the resource it belongs to (by name, id or ARN, whichever Terraform uses). A
    companion that exists wins over the resource's own attribute. Where a field has companions only and none
    exists, there is no such use. `on` names the attribute of the block that switches it on, and the value by which it
    is on: of several such blocks the least number counts.
    """

    type: str
    path: str
    absent: Silence | None = None
    home: str = ""
    on: tuple[str, Any] | None = None

    @property
    def names_key(self) -> bool:
        """Whether Terraform has an attribute for the key here."""
        return bool(self.path) and not self.path.endswith(".")


class KeyField(Struct, frozen=True):
    """One field that names a key.

    `use` is the word in `KeyUse.field`: storage, logs, master-secret ... `api` is relative to the item, or to each
    member of `each` where a list of parts names keys of their own; then the use is `replica[eu-west-1]`, with `part`
    the path of the part's name (its index, if empty). `api` is empty for what only a plan shows.
    """

    use: str
    api: str
    absent: Silence
    terraform: tuple[At, ...] = ()
    each: str = ""
    part: str = ""


class LinkField(Struct, frozen=True):
    """A field that names another resource. `target` is a template with `{value}` where the field holds a bare name."""

    relation: Relation
    api: str
    terraform: tuple[At, ...] = ()
    target: str = "{value}"


class Attribute(Struct, frozen=True):
    """A plain fact of the type that a rule may read as `resource.attributes["<name>"]`; `doc` is its documentation."""

    name: str
    api: str
    doc: str
    terraform: tuple[At, ...] = ()


class Call(Struct, frozen=True):
    """One read operation, by the name AWS gives it (`DescribeDBInstances`).

    `items` is the path of what it yields, in each page. `given` maps arguments to paths into the item that the
    call is about, `fixed` holds constant ones. `into` names the place in the item where the answer goes (empty:
    merged into the item). `empty` are the errors by which AWS answers that there is none: a code, or
    `code: beginning of the message` where the code alone would also mean a missing permission.
    """

    operation: str
    items: str = "@"
    given: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, Any] = field(default_factory=dict)
    into: str = ""
    empty: tuple[str, ...] = ()
    service: str = ""
    """Where another service than the row's answers it."""


class Api(Struct, frozen=True):
    """How AWS lists one resource type and describes its members.

    `listing` is a chain: each call after the first is made per item of the one before, which its own items keep
    as `Parent`. `details` are then made per item. `arn` is a path, or a template that starts with `arn:` and may
    use `{partition}`, `{region}`, `{account}`, `{name}` and paths in braces; it must not need a detail, so that a
    refused one still leaves a resource. `name` is a path; of an ARN or URL it keeps the last segment.
    """

    service: str
    listing: tuple[Call, ...]
    arn: str
    name: str
    details: tuple[Call, ...] = ()
    tags: str | None = "Tags"
    """Path of the tags in whatever form AWS gives them; None: this type cannot be tagged."""
    created: str = ""
    region: str = ""
    """Path of the item's own Region, where one listing shows those of every Region."""
    owner: str = ""
    """Path of the account that owns an item, where an endpoint may list those of others too."""
    locate: Call | None = None
    """What to ask where `region` leads to nothing; `Location` then holds the answer."""
    everywhere: bool = False
    """The service has no Regions: listed once for the account."""
    also: tuple[str, ...] = ()
    """Operations that the SDK calls by itself before these, to find the endpoint."""
    otherwise: str = ""
    """Template of the ARN for answers without `arn`, which is often younger than the service."""


def tag_call(argument: str, items: str = "tags", operation: str = "ListTagsForResource") -> Call:
    """The call for the tags of one resource by its ARN, in the place `TagList`."""
    return Call(operation, items, given={argument: "Self"}, into="TagList")


PLAN_ONLY = Api("", (), arn="", name="")


class EncryptedType(Struct, frozen=True):
    """Where one resource type says which keys protect it, in every source that is read.

    `type` is the CloudFormation name (or one of its form where CloudFormation has none). `terraform` maps the
    Terraform types that are this type to the attribute that names a member. `api` is `PLAN_ONLY` for what only a
    plan shows as a resource of its own.
    """

    type: str
    api: Api
    keys: tuple[KeyField, ...]
    terraform: Mapping[str, str] = field(default_factory=dict)
    links: tuple[LinkField, ...] = ()
    attributes: tuple[Attribute, ...] = ()

    @property
    def word(self) -> str:
        """What its listing provides, in the words of `Gap.makes_unknown`; nothing that no key protects uses keys."""
        return f"{'resource' if self.keys else 'compute'}:{self.type}"

    def calls(self) -> frozenset[tuple[str, str]]:
        """Every (service, operation) that reading this type makes."""
        made = {(call.service or self.api.service, call.operation) for call in self.chain()}
        return frozenset(made | {(self.api.service, operation) for operation in self.api.also})

    def chain(self) -> tuple[Call, ...]:
        """All calls, in the order in which they are made."""
        locate = (self.api.locate,) if self.api.locate else ()
        return (*self.api.listing, *locate, *self.api.details)


def one_key(
    type: str,
    api: Api,
    path: str,
    silence: Silence,
    place: At | None = None,
    named: str = "name",
    use: str = "storage",
) -> EncryptedType:
    """A row with a single key and at most one Terraform type, whose members `named` names."""
    places = (place,) if place else ()
    return EncryptedType(type, api, (KeyField(use, path, silence, places),), {at.type: named for at in places})


AWS_OWNED_WORDS = frozenset({"AWS_OWNED_KMS_KEY", "AWS_OWNED_KEY", "S3_MANAGED_KEY", "auto"})
"""Values that stand where a key would be and mean one that AWS owns (DSQL, Security Lake, OpenSearch Serverless)."""

Look: TypeAlias = Callable[[str], Any]
"""Reads a flag; may answer an `Absent` where the source cannot tell its value."""


def key_use(use: str, named: str | Absent | None, silence: Silence, look: Look, pointer: str = "") -> KeyUse | None:
    """The use that a field states: `named` is what it holds, `silence` what it means that it holds nothing.

    `named` is an `Absent` where the source cannot tell it. None where there is nothing to protect.
    """
    absent, final = _settled(silence, look)
    if named in AWS_OWNED_WORDS:
        absent = AWS_OWNED
    elif named and not final:
        if not isinstance(named, Absent):
            return KeyUse(field=use, state="KEY", key=named, pointer=pointer)
        absent = named
    if absent.state is None:
        return None
    return KeyUse(field=use, state=absent.state, key=absent.key, reason=absent.reason, pointer=pointer)


def _settled(silence: Silence, look: Look, final: bool = False) -> tuple[Absent, bool]:
    """What silence means here, and whether that holds even where a key is named."""
    if isinstance(silence, Absent):
        return silence, final and not silence.silent and silence.state not in ("KEY", "UNKNOWN")
    value = look(silence.path)
    if isinstance(value, Absent):
        return value, False
    if value is None:
        return _settled(silence.missing or untold(f"`{silence.path}` is not stated"), look)
    word = str(value).lower()
    for answer, meaning in silence.answers.items():
        if str(answer).lower() == word:
            return _settled(meaning, look, final=not silence.yields)
    return _settled(silence.other or untold(f"`{silence.path}` is `{value}`, whose meaning is not known"), look, final)
