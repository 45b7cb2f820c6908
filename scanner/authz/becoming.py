"""Which principal can come to act as which other: the edges of escalation that have to do with IAM.

An edge exists where some request may succeed. What a whole class of principals may do to a whole class of targets
is one link to a hub that holds all members; only what names single principals or targets is an edge of its own.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator
from itertools import product
from typing import cast

from msgspec import Struct
from msgspec.structs import replace

from scanner.authz.classes import KeyClass
from scanner.authz.powers import DROP_CONTROLS, LEAVE, WIDEN_CONTROLS
from scanner.authz.subjects import Subject, Subjects
from scanner.authz.targets import Target, deciding
from scanner.authz.values import Value
from scanner.authz.variants import ALL, Node, Variant, Variants
from scanner.authz.ways import Way, Ways


class Act(Struct, frozen=True):
    """Some actions on one resource."""

    actions: tuple[str, ...]
    resource: str


class Edge(Struct, frozen=True):
    """By some acts somebody comes to act as `target`."""

    acts: tuple[Act, ...]
    target: Node


class Change(Struct, frozen=True):
    """What is done about somebody besides becoming it, in the words of `Variant`, and by which actions."""

    extra: str = ""
    bound: str = ""
    to_extra: tuple[str, ...] = ()
    to_bound: tuple[str, ...] = ()
    through: tuple[tuple[str, str], ...] = ()
    """(principal, the policy or group of it that is written)."""
    group: str = ""
    """The group that it joins."""


class Hub:
    """All members of a class of targets, as those that one comes to be."""

    __slots__ = ("members",)

    def __init__(self, members: dict[Node, tuple[str, str]]) -> None:
        self.members = members
        """To the target by which one becomes it, and the policy or group that is written."""


class Link(Struct, frozen=True):
    """Somebody can come to act as every member of a hub."""

    hub: Hub
    become: tuple[str, ...]
    change: Change

    def edge(self, node: Node) -> Edge:
        """The edge to one member."""
        via, written = self.hub.members[node]
        acts = [Act(self.change.to_extra, written), Act(self.change.to_bound, node.arn)]
        return Edge(_joined(tuple(act for act in acts if act.actions), Act(self.become, via)), node)


class Moves(Struct, frozen=True):
    """Everything that one node can come to in one step."""

    own: tuple[Edge, ...]
    """Itself with more."""
    named: tuple[Edge, ...]
    links: tuple[Link, ...]


class Becoming:
    """The edges between the principals of a snapshot, and all nodes that they lead to."""

    def __init__(
        self, subjects: Subjects, targets: dict[str, Target], variants: Variants, fixed: dict[str, Value]
    ) -> None:
        self.subjects = subjects
        self.targets = targets
        self.variants = variants
        self.ways = Ways(subjects, targets, variants, fixed)
        self._hubs: dict[object, Hub] = {}
        self._links: dict[object, tuple[Link, ...]] = {}
        self._leading: dict[str, list[Target]] = defaultdict(list)
        for target in targets.values():
            if target.kind not in ("policy", "group"):
                for arn in target.leads:
                    self._leading[arn].append(target)
        self._open: dict[str, list[KeyClass]] = defaultdict(list)
        for group in dict.fromkeys(self.ways.classes.key_class.values()):
            opened = group.first.opened_accounts()
            for account in {group.first.account, *opened} if opened is not None else subjects.by_account:
                self._open[account].append(group)
        self.moves = self._closed()

    def _closed(self) -> dict[Node, Moves]:
        """Every principal, strangers that trust policies name, and what they lead to."""
        found: dict[Node, Moves] = {}
        queue = deque(Node(subject.caller.text) for subject in self.subjects.all())
        queue += self.variants.strangers()
        seen: set[int] = set()
        while queue:
            node = queue.popleft()
            if node in found:
                continue
            moves = found[node] = self._moves(node)
            queue += (edge.target for edge in (*moves.own, *moves.named) if edge.target not in found)
            for link in moves.links:
                if id(link.hub) not in seen:
                    seen.add(id(link.hub))
                    queue += link.hub.members
        return found

    def _moves(self, node: Node) -> Moves:
        subject = self.variants.subject(node)
        if subject.caller.kind == "root" or subject.service_linked:
            return Moves((), (), ())
        special = self.ways.special(node)
        return Moves(
            tuple(dict.fromkeys(self._own(node, subject))),
            tuple(dict.fromkeys(self._named(node, special))),
            self._linked(node, special),
        )

    # --- itself -----------------------------------------------------------------------------------

    def _own(self, node: Node, subject: Subject) -> Iterator[Edge]:
        if subject.record is not None:
            for change, acts in self._changes(node, node):
                yield Edge(acts, Node(node.arn, _changed(node.variant, change)))
        if not node.variant.free:
            yield from self._freed(node, subject)

    def _freed(self, node: Node, subject: Subject) -> Iterator[Edge]:
        """Without SCPs and RCPs: for the management account those of all others, else those of its own account."""
        account = self.subjects.accounts.get(subject.caller.account or "")
        if account is None or not isinstance(account.management_account, str) or not self._controlled:
            return
        managing = account.management_account == account.account
        drops = [(action, ALL) for action in DROP_CONTROLS] + [(WIDEN_CONTROLS, "+")]
        # leaving asks much of an account, so it counts only for those who may without writing themselves a policy
        leave = [] if node.variant.extra else [(LEAVE, account.account)]
        for action, free in drops if managing else leave:
            if self.ways.anywhere(subject, (action,)):
                acts = (Act((action,), "*"),)
                yield Edge(acts, Node(node.arn, replace(node.variant, free=free)))
                return

    @property
    def _controlled(self) -> bool:
        """Whether any account is known to have SCPs or RCPs."""
        return any(isinstance(a.scps, tuple) or isinstance(a.rcps, tuple) for a in self.subjects.accounts.values())

    # --- what names single principals or targets ----------------------------------------------------

    def _named(self, node: Node, special: dict[str, Target]) -> Iterator[Edge]:
        """Edges to whom a special target is, runs with, or (a principal) may change."""
        wanted: dict[str, None] = {}
        for target in special.values():
            if target.kind not in ("policy", "group") and self.ways.alone(node, target):
                wanted |= dict.fromkeys(target.leads)
        for arn in wanted:
            for target in self._leading[arn]:
                for become in _of(self.ways.of(node, target), "become"):
                    yield Edge((Act(become.actions, target.arn),), Node(arn, Variant(free=node.variant.free)))
                    for change, acts in self._changes(node, Node(arn, Variant(free=node.variant.free))):
                        changed = _changed(Variant(free=node.variant.free), change)
                        yield Edge(_joined(acts, Act(become.actions, target.arn)), Node(arn, changed))

    def _changes(self, node: Node, other: Node) -> Iterator[tuple[Change, tuple[Act, ...]]]:
        """What `node` may change about another principal (or itself), with how."""
        target = self.targets.get(other.arn)
        if target is None:
            return
        ways = [(way, target.arn) for way in self.ways.of(node, target) if way.effect != "become"]
        for arn in self._deciding(other.arn):
            ways += [(way, arn) for way in self.ways.of(node, self.targets[arn]) if way.effect in ("write", "attach")]
        if target.kind == "user":
            for group in self.subjects.groups:
                ways += [(way, group) for way in self._joins(node, group, target.account)]
        extras = [(w, arn) for w, arn in ways if w.effect != "bound" and other.variant.extra not in (ALL, w.what)]
        bounds = [(w, arn) for w, arn in ways if w.effect == "bound" and other.variant.bound not in (ALL, w.what)]
        extras = [e for e in extras if e[0].what == ALL][:1] or ([] if other.variant.extra else extras)
        bounds = [b for b in bounds if b[0].what == ALL][:1] or ([] if other.variant.bound else bounds)
        for extra, bound in product([None, *extras], [None, *bounds]):
            acts = tuple(Act(way.actions, arn) for way, arn in filter(None, (extra, bound)))
            if acts:
                yield Change(extra[0].what if extra else "", bound[0].what if bound else ""), acts

    def _deciding(self, arn: str) -> list[str]:
        subject = self.subjects.by_arn[arn]
        return list(deciding(subject.record, self.subjects)) if subject.record else []

    def _joins(self, node: Node, group: str, account: str) -> Iterator[Way]:
        target = self.targets[group]
        if target.account == account:
            yield from _of(self.ways.of(node, target), "join")

    # --- whole classes ------------------------------------------------------------------------------

    def _linked(self, node: Node, special: dict[str, Target]) -> tuple[Link, ...]:
        """Links of everybody of the node's group, but for what the node alone may not, or may besides."""
        excluded = frozenset(arn for arn, target in special.items() if self._lacks(node, target))
        indirect = tuple(t for t in special.values() if t.kind in ("policy", "group") and self.ways.alone(node, t))
        place = (self.ways.group(node), excluded, tuple(t.arn for t in indirect), node if indirect else None)
        if place not in self._links:
            self._links[place] = tuple(self._find_links(node, excluded, indirect))
        return self._links[place]

    def _lacks(self, node: Node, target: Target) -> bool:
        """Whether a statement about this very pair takes something away."""
        by_class = self.ways.of_class(node, self.ways.classes.key_class[target.arn])
        return not set(by_class) <= set(self.ways.alone(node, target))

    def _find_links(self, node: Node, excluded: frozenset[str], indirect: tuple[Target, ...]) -> Iterator[Link]:
        account = self.variants.subject(node).caller.account or ""
        ways = {group: self.ways.of_class(node, group) for group in self._open.get(account, ())}
        by_group = [change for group, found in ways.items() for change in self._indirect(group, found, excluded)]
        by_group += [change for t in indirect for change in _written((t,), self.ways.alone(node, t))]
        for group, found in ways.items():
            for become in _of(found, "become"):
                for decided in self._decided(group):
                    changes = list(_direct(ways.get(decided, ()))) if decided else []
                    kind = cast("Target", decided.first).kind if decided else ""
                    others = [c for c in by_group if kind == "user" or not c.group]
                    for change in _together(changes, others):
                        hub = self._hub(group, decided, change, node.variant.free, excluded)
                        if hub.members:
                            yield Link(hub, become.actions, change)

    def _decided(self, group: KeyClass) -> list[KeyClass | None]:
        """The classes, as targets, of the principals that a class leads to."""
        known = self.ways.classes.key_class
        leads = dict.fromkeys(arn for target in group.members for arn in cast("Target", target).leads)
        found = (self.targets[arn] for arn in leads if arn in self.targets)
        return list(dict.fromkeys(None if target.kind == "root" else known[target.arn] for target in found))

    def _indirect(self, group: KeyClass, ways: tuple[Way, ...], excluded: frozenset[str]) -> Iterator[Change]:
        members = tuple(cast("Target", t) for t in group.members if t.arn not in excluded)
        if members and members[0].kind in ("policy", "group"):
            yield from _written(members, ways)

    def _hub(
        self, group: KeyClass, decided: KeyClass | None, change: Change, free: str, excluded: frozenset[str]
    ) -> Hub:
        """The members of `group` that lead to members of `decided`, with a change."""
        relevant = excluded & {target.arn for target in group.members} if excluded else excluded
        place = (group, decided, change.extra, change.bound, change.through, free, relevant)
        if place not in self._hubs:
            written = dict(change.through)
            members: dict[Node, tuple[str, str]] = {}
            for target in group.members:
                for arn in cast("Target", target).leads if target.arn not in relevant else ():
                    there = self.ways.classes.key_class.get(arn) if decided else None
                    if there is decided and (not written or arn in written):
                        node = Node(arn, Variant(change.extra, change.bound, free))
                        members.setdefault(node, (target.arn, change.group or written.get(arn, arn)))
            self._hubs[place] = Hub(members)
        return self._hubs[place]


def _of(ways: tuple[Way, ...], effect: str) -> Iterator[Way]:
    return (way for way in ways if way.effect == effect)


def _changed(variant: Variant, change: Change) -> Variant:
    return Variant(change.extra or variant.extra, change.bound or variant.bound, variant.free)


def _direct(ways: tuple[Way, ...]) -> Iterator[Change]:
    """What is changed about the members of a class of principals themselves."""
    for way in ways:
        if way.effect in ("write", "attach"):
            yield Change(extra=way.what, to_extra=way.actions)
        if way.effect == "bound":
            yield Change(bound=way.what, to_bound=way.actions)


def _written(targets: tuple[Target, ...], ways: tuple[Way, ...]) -> Iterator[Change]:
    """What is changed about principals by writing their policies or groups, or by adding users to a group."""
    leads = tuple({arn: target.arn for target in reversed(targets) for arn in target.leads}.items())
    for way in ways:
        if way.effect in ("write", "attach") and leads:
            yield Change(extra=way.what, to_extra=way.actions, through=leads)
        if way.effect == "join":
            yield from (Change(extra=t.arn, to_extra=way.actions, group=t.arn) for t in targets)


def _together(direct: list[Change], indirect: list[Change]) -> Iterator[Change]:
    """No change, one of the permissions, one of the boundary, and both; the most powerful of each stands for all."""
    extras = [c for c in direct if c.extra == ALL][:1] or [c for c in (*direct, *indirect) if c.extra]
    bounds = [c for c in direct if c.bound == ALL][:1] or [c for c in direct if c.bound]
    yield Change()
    yield from extras
    yield from bounds
    for extra, bound in product(extras, bounds):
        yield replace(extra, bound=bound.bound, to_bound=bound.to_bound)


def _joined(acts: tuple[Act, ...], last: Act) -> tuple[Act, ...]:
    """Acts on one resource are one."""
    same = tuple(action for act in acts if act.resource == last.resource for action in act.actions)
    return (*(act for act in acts if act.resource != last.resource), Act((*same, *last.actions), last.resource))
