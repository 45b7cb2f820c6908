"""The layers of a decision, weighed as bit masks: for which actions may a request succeed, for which must it.

The order is AWS's: a Deny anywhere wins; SCPs (every level) and the endpoint policy must allow; then KMS's
own rule says which of key policy, grants and identity policies must. Sources: IAM user guide, "Policy
evaluation logic"; KMS developer guide, "Troubleshooting key access" (the flow chart), "Default key policy",
"Grants in AWS KMS", "Allowing users in other accounts to use a KMS key".
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from scanner.authz.actions import (
    ALIAS_ACTIONS,
    ASSUME_ROLE,
    CROSS_ACCOUNT,
    EVERY,
    IN_KEY_POLICY,
    KEY_ACTIONS,
    RETIRE_GRANT,
)
from scanner.authz.documents import Document
from scanner.authz.grants import grant_document, issuer_of, retiring_document
from scanner.authz.match import Hit, hits_in
from scanner.authz.principals import Route
from scanner.authz.request import AccessRequest, Documents, Layer, Levels, Unread


class Masks(Struct, frozen=True):
    """Actions that certainly, and that at least possibly."""

    surely: int
    possibly: int

    def __and__(self, other: Masks) -> Masks:
        return Masks(self.surely & other.surely, self.possibly & other.possibly)

    def __or__(self, other: Masks) -> Masks:
        return Masks(self.surely | other.surely, self.possibly | other.possibly)

    def only(self, actions: int) -> Masks:
        """Cut down to some actions."""
        return Masks(self.surely & actions, self.possibly & actions)


NONE = Masks(0, 0)
ALL = Masks(EVERY, EVERY)
PERHAPS = Masks(0, EVERY)


class Weighed:
    """One layer: what it allows by route, what it denies, and the statements behind it."""

    __slots__ = ("_possibly", "_surely", "denies", "faults", "hits", "name")

    def __init__(self, name: str, allows: Masks = NONE, denies: Masks = NONE, faults: tuple[str, ...] = ()) -> None:
        self.name = name
        self._surely = [0, 0, 0, allows.surely]
        self._possibly = [0, 0, 0, allows.possibly]
        self.denies = denies
        self.hits: list[Hit] = []
        self.faults = faults

    def allow(self, route: Route, masks: Masks) -> None:
        """Let it allow more."""
        self._surely[route] |= masks.surely
        self._possibly[route] |= masks.possibly

    def allowed(self) -> Masks:
        """What it allows by any route."""
        (_, a, b, c), (_, d, e, f) = self._surely, self._possibly
        return Masks(a | b | c, d | e | f)

    def by(self, route: Route) -> Masks:
        """What it allows by one route."""
        return Masks(self._surely[route], self._possibly[route])


class Outcome(Struct):
    """The answer for every action of a request, and the layers it came from."""

    may: int
    must: int
    denied: int
    """Certainly denied by a statement."""
    layers: list[Weighed]
    key_trust_open: int = 0
    """Allowed only if a grant alone is enough across accounts, which AWS leaves open."""


def weigh(request: AccessRequest, documents: Documents) -> Outcome:
    """All actions of a request at once."""
    return _Scales(request, documents).weigh()


class _Scales:
    """The layers of one request, each weighed when it is first needed."""

    def __init__(self, request: AccessRequest, documents: Documents) -> None:
        self.request, self.documents = request, documents
        self.is_alias = ":alias/" in request.resource
        self.caller = request.caller
        self.crosses = self.caller.is_iam and self.caller.account != request.account
        self.identity = self._identity()
        self.boundary = self._limit(self._layer("boundary", documents.boundary))
        self.session = self._limit(self._layer("session-policy", documents.session))
        self.key_policy = self._key_policy()
        self.grants = self._grants()
        self.retiring = self._retiring()
        scps = self._levels("scp", documents.scps if self.caller.is_iam else None, by_principal=False)
        self.scps = [self._limit(level) for level in scps]
        self.rcps = self._levels("rcp", documents.rcps, by_principal=True)
        self.endpoint = self._limit(self._layer("endpoint-policy", documents.endpoint, by_principal=True))

    def weigh(self) -> Outcome:
        """Deny first, then the limits, then whoever has to allow."""
        denied = self._denied()
        allowed, key_trust_open = self._allowed()
        limited = allowed & self._limits()
        may, must = limited.possibly & ~denied.surely, limited.surely & ~denied.possibly
        if self.caller.kind == "anonymous":
            may = must = 0  # KMS accepts signed requests only
        layers = [self.key_policy, self.grants, self.retiring, self.identity, self.boundary, self.session]
        layers += [*self.scps, *self.rcps, self.endpoint]
        return Outcome(may, must, denied.surely & self.request.actions, layers, key_trust_open & may & ~must)

    # --- layers -----------------------------------------------------------------------------------

    def _layer(self, name: str, layer: Layer, *, by_principal: bool = False) -> Weighed:
        if layer is None:
            return Weighed(name, ALL)
        if isinstance(layer, Unread):
            return Weighed(name, PERHAPS, PERHAPS, (layer.reason,))
        return self._documents(name, layer, by_principal=by_principal)

    def _limit(self, layer: Weighed) -> Weighed:
        """A layer that has to allow. What cannot be read of it may, unless the answer has to be settled."""
        if layer.faults and not self.request.settle:
            layer.allow(Route.DIRECT, PERHAPS)
        return layer

    def _documents(self, name: str, documents: Iterable[Document], *, by_principal: bool = False) -> Weighed:
        weighed = Weighed(name)
        boundary = self.documents.boundary
        deny_surely = deny_possibly = 0
        for document in documents:
            for hit in hits_in(document, self.request, by_principal=by_principal, boundary=boundary):
                weighed.hits.append(hit)
                if hit.statement.allows:
                    weighed.allow(hit.route, Masks(hit.surely, hit.possibly))
                else:
                    deny_surely |= hit.surely
                    deny_possibly |= hit.possibly
            if document.faults:
                weighed.faults += document.faults
                deny_possibly |= EVERY if document.fault else 0
        weighed.denies = Masks(deny_surely, deny_possibly)
        return weighed

    def _identity(self) -> Weighed:
        if not self.caller.is_iam:
            return Weighed("iam")
        weighed = self._layer("iam", self.documents.identity)
        if self.caller.kind == "root":
            weighed.allow(Route.DIRECT, ALL)
        return weighed

    def _key_policy(self) -> Weighed:
        if isinstance(self.documents.key_policies, Unread):
            reason = self.documents.key_policies.reason
            unread = Weighed("key-policy", NONE, PERHAPS, (reason,))
            unread.allow(Route.ACCOUNT, PERHAPS)
            return unread
        return self._documents("key-policy", self.documents.key_policies, by_principal=True)

    def _grants(self) -> Weighed:
        grants = self.documents.grants
        if isinstance(grants, Unread):
            return Weighed("grant", faults=(grants.reason,))
        return self._documents("grant", map(grant_document, grants), by_principal=True)

    def _retiring(self) -> Weighed:
        grants = self.documents.grants
        if isinstance(grants, Unread) or not self.request.actions & RETIRE_GRANT:
            return Weighed("grant")
        documents = (retiring_document(grant, self.request.account) for grant in grants)
        return self._documents("grant", documents, by_principal=True)

    def _levels(self, name: str, levels: Levels, *, by_principal: bool) -> list[Weighed]:
        if levels is None:
            return []
        if isinstance(levels, Unread):
            return [self._layer(name, levels)]
        return [self._documents(name, level, by_principal=by_principal) for level in levels]

    # --- deny, limits, allow ----------------------------------------------------------------------

    def _denied(self) -> Masks:
        found = self.key_policy.denies.only(self._in_key_policy()) | self.endpoint.denies
        for level in self.rcps:
            found |= level.denies.only(~RETIRE_GRANT)
        if self.caller.is_iam:
            for layer in (self.identity, self.boundary, self.session, *self.scps):
                found |= layer.denies
        return found

    def _in_key_policy(self) -> int:
        return 0 if self.is_alias else (IN_KEY_POLICY & KEY_ACTIONS) | ASSUME_ROLE

    def _limits(self) -> Masks:
        """What every SCP level and the endpoint policy leave; an RCP can only deny."""
        limits = self.endpoint.allowed()
        for level in self.scps:
            limits &= level.allowed()
        return limits

    def _allowed(self) -> tuple[Masks, int]:
        """What the key's side and the caller's side allow together, and what hangs on an open question."""
        wanted = self.request.actions
        limited = self.boundary.allowed() & self.session.allowed()
        iam = self.identity.allowed() & limited
        retiring = self._by_named(self.retiring, limited) | (self.retiring.by(Route.ACCOUNT) & iam)
        allowed = iam.only(self._by_identity_alone() & wanted) | retiring.only(wanted & RETIRE_GRANT)
        on_key = wanted & self._in_key_policy()
        if not on_key:
            return allowed, 0
        if not self.caller.is_iam:
            of_service = self.key_policy.by(Route.DIRECT) | self.grants.by(Route.DIRECT)
            return allowed | of_service.only(on_key), 0
        if self.crosses:
            by_key, open_trust = self._across_accounts(iam, limited)
            crossing = on_key & (CROSS_ACCOUNT | ASSUME_ROLE)
            return allowed | by_key.only(crossing), open_trust & crossing
        return allowed | self._within_account(iam, limited).only(on_key), 0

    def _by_identity_alone(self) -> int:
        """Actions that name no key, and the alias half of alias actions; neither works across accounts."""
        if self.crosses:
            return 0
        return ~(KEY_ACTIONS | ASSUME_ROLE) | (ALIAS_ACTIONS if self.is_alias else 0)

    def _within_account(self, iam: Masks, limited: Masks) -> Masks:
        policy = self.key_policy
        by_policy = policy.by(Route.DIRECT) | (policy.by(Route.ROLE) & limited)
        by_account = policy.by(Route.ACCOUNT) & iam
        return by_policy | by_account | self._by_named(self.grants, limited) | self._by_account_grant(iam)

    def _by_named(self, grants: Weighed, limited: Masks) -> Masks:
        """Grants that name the caller. Whether a boundary that is silent limits them, AWS leaves open."""
        named = grants.by(Route.DIRECT) | grants.by(Route.ROLE)
        return named if self.request.settle else Masks(named.surely & limited.surely, named.possibly)

    def _by_account_grant(self, iam: Masks) -> Masks:
        """Grants to the whole account. Whether IAM has to delegate them, AWS leaves open."""
        to_account = self.grants.by(Route.ACCOUNT)
        possibly = to_account.possibly & iam.possibly if self.request.settle else to_account.possibly
        return Masks(to_account.surely & iam.surely, possibly)

    def _across_accounts(self, iam: Masks, limited: Masks) -> tuple[Masks, int]:
        """The caller's account has to agree too: by IAM, or for a grant by having issued it."""
        granted = self.grants.allowed()
        sure = granted & iam
        for hit in self.grants.hits:
            if hit.route is not Route.ACCOUNT and self._issued_by_caller(hit):
                sure |= Masks(hit.surely & (-1 if self.request.settle else limited.surely), hit.possibly)
        by_policy = self.key_policy.allowed() & iam
        both = Masks(by_policy.surely | sure.surely, by_policy.possibly | granted.possibly)
        return both, granted.possibly & ~by_policy.surely & ~sure.surely

    def _issued_by_caller(self, hit: Hit) -> bool:
        grants = self.documents.grants
        if isinstance(grants, Unread):
            return False
        return any(f"grant/{grant.id}" == hit.document and issuer_of(grant) == self.caller.account for grant in grants)
