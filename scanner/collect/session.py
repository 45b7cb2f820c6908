"""What every collector reads through: one account in one Region, with paging, throttling and refusals taken care of."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from scanner.catalog.permissions import iam_action
from scanner.collect.learnt import Learnt
from scanner.collect.refused import Refused, refusals
from scanner.model.records import Coverage, Gap, Item

if TYPE_CHECKING:  # botocore is slow to import; `keyproof permissions` needs the collectors alone
    from scanner.collect.clients import Clients
    from scanner.collect.paging import Paging
    from scanner.collect.throttle import Bucket, Throttle
    from scanner.collect.workers import Workers

__all__ = ["GLOBAL", "Collector", "Connection", "Refused", "Scope"]

T = TypeVar("T")
R = TypeVar("R")

GLOBAL = "aws-global"
"""The Region of what has none: IAM, Organizations."""
_HOME = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
LAST_USAGE_BUDGET = 50
"""Calls of GetKeyLastUsage that may be open at once in one account and Region: AWS answers five a second."""
WINDOW = 256
"""How many items of one listing may be in flight or waiting to be used."""

_asking: ContextVar[Bucket | None] = ContextVar("asking", default=None)


class Connection:
    """What all scopes of one scan share: clients, quotas and threads."""

    def __init__(
        self,
        clients: Callable[[Callable[[], None]], Clients],
        throttle: Throttle,
        workers: Workers,
        last_usage_budget: int = LAST_USAGE_BUDGET,
    ) -> None:
        self.clients = clients(_slow_down)
        self.last_usage_budget = last_usage_budget
        self.throttle = throttle
        self.workers = workers
        self.learnt = Learnt()
        self.paging = lru_cache(maxsize=None)(self._paging)

    def _paging(self, service: str, region: str, operation: str) -> Paging:
        from scanner.collect.paging import paging_of

        model = self.clients.client(service, region).meta.service_model.operation_model(operation)
        return paging_of(service, model, self.clients.paginator(service, operation))


def _slow_down() -> None:
    bucket = _asking.get()
    if bucket is not None:
        bucket.slow_down()


class Scope:
    """One account in one Region (`aws-global` for services without Regions). Safe to use from several threads."""

    def __init__(
        self,
        account: str,
        region: str,
        partition: str,
        credentials: Any,
        connection: Connection,
        regions: tuple[str, ...] = (),
    ) -> None:
        self.account = account
        self.region = region
        self.partition = partition
        self.regions = regions or (region,)
        """Every Region that is scanned in this account."""
        self._credentials = credentials
        self._connection = connection
        self._client_region = _HOME.get(partition, "us-east-1") if region == GLOBAL else region

    @property
    def last_usage_budget(self) -> int:
        """How many keys of this account and Region may be waiting for the answer about their last use."""
        return self._connection.last_usage_budget

    def call(self, service: str, operation: str, /, **params: Any) -> dict[str, Any]:
        """Ask once: `operation` in snake case (`describe_key`) of boto3's `service`. Raises Refused."""
        api = self._api_name(service, operation)
        return self._send(service, operation, api, params)

    def pages(self, service: str, operation: str, /, **params: Any) -> Iterator[dict[str, Any]]:
        """Every page of a listing, as large as AWS allows. Raises Refused, also half way through."""
        from scanner.collect.paging import PagingError

        api = self._api_name(service, operation)
        paging = self._connection.paging(service, self._client_region, api)
        params = paging.first(params)
        tokens: dict[str, Any] = {}
        while True:
            page = self._send(service, operation, api, {**params, **tokens})
            yield page
            try:
                tokens = paging.following(page, tokens)
            except PagingError as error:
                raise Refused(service, api, "Unreadable", str(error)) from None
            if not tokens:
                return

    def gap(self, refused: Refused, *, subject: str | None = None, makes_unknown: tuple[str, ...] = ()) -> Gap:
        """The refusal as a record. `subject` is the ARN that was asked about; None when a listing failed.

        A refusal that holds for every subject alike (expired credentials, an unknown operation) names none.

        `makes_unknown` says what cannot be known now: `key.grants`, `resource:AWS::EC2::Volume`.
        """
        return Gap(
            account=self.account,
            region=self.region,
            service=refused.service,
            operation=refused.operation,
            code=refused.code,
            message=refused.message,
            action=iam_action(refused.service, refused.operation) if refused.denied else None,
            subject=None if refused.general else subject,
            makes_unknown=makes_unknown,
        )

    def not_offered(self, refused: Refused) -> bool:
        """Whether nothing answered because AWS does not offer the service in this Region: so there is nothing of it."""
        elsewhere = self._connection.clients.knows_elsewhere_only
        return refused.code == "Unreachable" and elsewhere(refused.service, self._client_region, self.partition)

    def coverage(
        self, service: str, operation: str, provides: tuple[str, ...], count: int, *, complete: bool = True
    ) -> Coverage:
        """What the listing `operation` (`ListKeys`) yielded here: nothing was left out, or something was."""
        return Coverage(
            account=self.account,
            region=self.region,
            service=service,
            operation=operation,
            complete=complete,
            provides=provides,
            count=count,
        )

    def elsewhere(self, region: str) -> Scope:
        """The same account in another Region."""
        return Scope(self.account, region, self.partition, self._credentials, self._connection, self.regions)

    def start(self, lane: tuple[str, str] | None, work: Callable[[], R]) -> Future[R]:
        """Start `work` on another thread, once the quota of its first request allows.

        `lane` names that first request: boto3's service and the API operation, `("kms", "ListGrants")`.
        """
        bucket = self._bucket(*lane) if lane else None
        return self._connection.workers.submit(bucket, work)

    def map(
        self, function: Callable[[T], R], items: Iterable[T], *, lane: tuple[str, str] | None = None
    ) -> Iterator[R]:
        """`function` of every item, several at once, results in the order of `items`; begins at once.

        At most `WINDOW` results wait to be taken. `lane` is that of `start`. Called from inside `function`,
        it works through the items one by one.
        """
        source = iter(items)
        pending: deque[Future[R]] = deque()

        def fill() -> None:
            while len(pending) < WINDOW:
                try:
                    item = next(source)
                except StopIteration:
                    return
                pending.append(self.start(lane, partial(function, item)))

        fill()

        def results() -> Iterator[R]:
            while pending:
                yield pending.popleft().result()
                fill()

        return results()

    def _bucket(self, service: str, api: str) -> Bucket:
        return self._connection.throttle.bucket(self.account, self.region, service, api)

    def _api_name(self, service: str, operation: str) -> str:
        with refusals(service, operation):
            client = self._connection.clients.client(service, self._client_region)
        name: str | None = client.meta.method_to_api_mapping.get(operation)
        if name is None:
            raise Refused(service, operation, "Unsupported", "this version of botocore does not know the operation")
        return name

    def _send(self, service: str, operation: str, api: str, params: dict[str, Any]) -> dict[str, Any]:
        clients, region = self._connection.clients, self._client_region
        bucket = self._bucket(service, api)
        with self._asking(service, api, bucket):
            if clients.is_quick(service):
                self._connection.workers.wait_for(bucket)
                answer = clients.ask_quickly(service, region, api, params)
                if answer is not None:
                    return answer
            self._connection.workers.wait_for(bucket)
            return clients.ask(service, region, operation, params)

    @contextmanager
    def _asking(self, service: str, api: str, bucket: Bucket) -> Iterator[None]:
        """Ask as this account: its credentials, its bucket to slow down, its refusals."""
        from scanner.collect.credentials import acting_as

        learnt, question = self._connection.learnt, (service, api, self.region)
        learnt.check(self.account, question)
        asking = _asking.set(bucket)
        try:
            with acting_as(self._credentials), refusals(service, api):
                yield
            learnt.answered(question)
        except Refused as refused:
            learnt.refused(self.account, question, refused)
            raise
        finally:
            _asking.reset(asking)


Collector: TypeAlias = Callable[[Scope], Iterator[Item]]
"""Reads one kind of facts in one scope: yields records, Gaps and a Coverage row for each listing."""
