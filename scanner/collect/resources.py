"""Reads the table of encrypted resource types through the API: listings, details, refusals; one record per resource."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache, partial
from typing import Any

from msgspec import UNSET, Struct, field

from scanner.catalog.encryption import ENCRYPTED_TYPES
from scanner.catalog.encryption.types import Absent, Api, Call, EncryptedType
from scanner.catalog.paths import search
from scanner.collect.reading import Reading, filled, moment, short_name, tags_from
from scanner.collect.session import GLOBAL, Refused, Scope
from scanner.model.records import Coverage, Gap, Item, ResourceFact


def collect(scope: Scope, types: Sequence[EncryptedType] = ENCRYPTED_TYPES) -> Iterator[Item]:
    """Every resource of `types` in `scope`, with a Coverage row for each listing and a Gap for each refusal.

    A refused listing makes its types unknown; a refused detail leaves the resource with what could be read.
    Services without Regions are read in the scope `aws-global` only, all others in every Region.
    """
    here = [row for row in types if row.api.listing and row.api.everywhere == (scope.region == GLOBAL)]
    for listed in scope.map(partial(_list, scope), _by_listing(here)):
        yield from listed.items
        for rows in listed.readings:
            lane = _lane(rows[0].row)
            for items in scope.map(partial(_finish, scope), rows, lane=lane):
                yield from items


def _by_listing(rows: Sequence[EncryptedType]) -> list[list[EncryptedType]]:
    """Rows that one listing serves, together: RDS answers for DocumentDB and Neptune as well."""
    groups: dict[str, list[EncryptedType]] = {}
    for row in rows:
        asked = [(call.operation, call.given, call.fixed) for call in row.api.listing]
        inner = [call.items for call in row.api.listing[:-1]]
        groups.setdefault(repr((row.api.service, asked, inner)), []).append(row)
    return list(groups.values())


def _lane(row: EncryptedType) -> tuple[str, str] | None:
    """The first request about each item of `row`."""
    if not row.api.details:
        return None
    return row.api.details[0].service or row.api.service, row.api.details[0].operation


class _Listed(Struct):
    """What one listing brought: gaps, coverage and finished records, and for each row what needs details yet."""

    items: list[Item] = field(default_factory=list)
    readings: list[list[Reading]] = field(default_factory=list)
    count: int = 0


def _list(scope: Scope, rows: list[EncryptedType]) -> _Listed:
    listed = _Listed()
    api = rows[0].api
    words = tuple(row.word for row in rows)
    waiting: dict[str, list[Reading]] = {}
    gaps: list[Gap] = []
    for row, item in _items(scope, rows, api.listing, {}, gaps, words):
        reading = _located(scope, row, item, listed.items)
        if reading is None:
            continue
        if reading.item["Self"] is None:
            nameless = Refused(api.service, api.listing[-1].operation, "Unreadable", f"`{row.api.arn}` is not stated")
            gaps.append(scope.gap(nameless, makes_unknown=(f"resource:{row.type}",)))
            continue
        listed.count += 1
        if row.api.details:
            waiting.setdefault(row.type, []).append(reading)
        else:
            listed.items.append(_record(scope, reading))
    listed.readings = list(waiting.values())
    coverage = Coverage(
        account=scope.account,
        region=scope.region,
        service=api.service,
        operation=api.listing[-1].operation,
        complete=not gaps,
        provides=words,
        count=listed.count,
    )
    listed.items += [*gaps, coverage]
    return listed


def _items(
    scope: Scope,
    rows: list[EncryptedType],
    chain: Sequence[Call],
    parent: dict[str, Any],
    gaps: list[Gap],
    words: tuple[str, ...],
) -> Iterator[tuple[EncryptedType, dict[str, Any]]]:
    """Every item at the end of `chain` with its row; a call that is refused leaves a gap and the others go on."""
    call, *rest = chain
    api = rows[0].api
    try:
        for page in _pages(scope, api, call, parent):
            if rest:
                for item in _members(page, call.items, parent):
                    yield from _items(scope, rows, rest, item, gaps, words)
            else:
                for row in rows:
                    for item in _members(page, row.api.listing[-1].items, parent):
                        yield row, item
    except Refused as refused:
        if not (_is_answer(refused, call) or scope.not_offered(refused)):
            gaps.append(scope.gap(refused, makes_unknown=words))


def _is_answer(refused: Refused, call: Call) -> bool:
    """Whether AWS says by an error that there is none."""
    return f"{refused.code}: {refused.message}".startswith(
        tuple(f"{code}:" if ":" not in code else code for code in call.empty)
    )


def _members(page: Any, path: str, parent: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for item in search(path, page) or ():
        yield {**item, "Parent": parent} if parent else item


def _pages(scope: Scope, api: Api, call: Call, item: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """All pages of one call; `given` and `fixed` become its arguments."""
    words = {"region": scope.region, "account": scope.account}
    fixed = {name: filled(value, words, {}) if isinstance(value, str) else value for name, value in call.fixed.items()}
    given = {name: search(path, item) for name, path in call.given.items()}
    return scope.pages(call.service or api.service, _snake(call.operation), **fixed, **given)


@cache
def _snake(operation: str) -> str:
    """`DescribeDBInstances` as boto3 names the method."""
    from botocore import xform_name  # slow to import, and only a scan needs it

    name: str = xform_name(operation)
    return name


def _located(scope: Scope, row: EncryptedType, item: dict[str, Any], items: list[Item]) -> Reading | None:
    """The reading of an item, or None when it is of another account, or of a Region whose own scope reports it."""
    if row.api.owner and search(row.api.owner, item) not in (None, scope.account):
        return None
    words = {"partition": scope.partition, "account": scope.account, "region": scope.region}
    words["name"] = short_name(str(search(row.api.name, item) or ""))
    reading = Reading(row, {**item, "Self": _arn(row, words, item)}, words)
    if row.api.region:
        region = search(row.api.region, item)
        if region is None and row.api.locate is not None:
            _ask(scope, reading, row.api.locate, items)
            region = reading.item.get(row.api.locate.into)
        if region not in (None, scope.region):
            return None
    return reading


def _arn(row: EncryptedType, words: Mapping[str, str], item: dict[str, Any]) -> str | None:
    """What identifies an item; None when the answer does not say it."""
    form = row.api.arn
    stated = None if form.startswith("arn:") else search(form, item)
    if stated is None:
        form = form if form.startswith("arn:") else row.api.otherwise
        return filled(form, words, item) or None
    return str(stated)


def _finish(scope: Scope, reading: Reading) -> list[Item]:
    """The record of a resource after all calls about it, and a gap for each that was refused."""
    items: list[Item] = []
    for call in reading.row.api.details:
        _ask(scope, reading, call, items)
    items.append(_record(scope, reading))
    return items


def _ask(scope: Scope, reading: Reading, call: Call, items: list[Item]) -> None:
    """Put the answer of one detail in its place."""
    api = reading.row.api
    try:
        answers = [search(call.items, page) for page in _pages(scope, api, call, reading.item)]
    except Refused as refused:
        if not _is_answer(refused, call):
            gap = scope.gap(refused, subject=reading.item["Self"], makes_unknown=(reading.row.word,))
            items.append(gap)
            reading.refused[call.into] = gap.reason()
        return
    answer = _together(answers)
    if call.into:
        reading.item[call.into] = answer
    elif answer:
        reading.item.update(answer)


def _together(answers: list[Any]) -> Any:
    """Lists of several pages in one, and maps; what two pages state, the first page tells."""
    lists = [answer for answer in answers if isinstance(answer, list)]
    if lists:
        return [member for one in lists for member in one]
    maps = [answer for answer in answers if isinstance(answer, dict)]
    if maps:
        return {name: value for one in reversed(maps) for name, value in one.items()}
    return next(iter(answers), None)


def _record(scope: Scope, reading: Reading) -> ResourceFact:
    api = reading.row.api
    links, links_reason = reading.links()
    attributes, unread = reading.attributes()
    tags = reading.at(api.tags) if api.tags else {}
    if links_reason:
        unread["links"] = links_reason
    if isinstance(tags, Absent):
        unread["tags"] = tags.reason or ""
    return ResourceFact(
        account=scope.account,
        region=scope.region,
        unread=unread,
        arn=reading.item["Self"],
        type=reading.row.type,
        name=reading.words["name"],
        uses=reading.uses(),
        tags=UNSET if isinstance(tags, Absent) else tags_from(tags),
        links=links,
        created=moment(search(api.created, reading.item)) if api.created else None,
        attributes=attributes,
    )
