"""Which actions on a key everybody can come to: masks of whole components, and those whom the key knows by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from scanner.authz.classes import KeyClass
from scanner.authz.gains import ALL_THERE_IS, Gain
from scanner.authz.homes import Home, Homes
from scanner.authz.keygains import KeyGains
from scanner.authz.keys import KeySubject
from scanner.authz.variants import Node


def total(found: Iterable[Gain]) -> int:
    """All actions of some gains."""
    mask = 0
    for gain in found:
        mask |= gain.actions
    return mask


class OfKey(Struct, frozen=True):
    """What can be reached of one key."""

    key: KeySubject
    special: set[str]
    components: list[int]
    raised: tuple[tuple[frozenset[int], int], ...]
    """Components and what they reach besides, through somebody whom the key knows by name."""
    personal: dict[Node, int]
    """What those reach by themselves."""

    def more(self, component: int) -> int:
        """What a component reaches besides."""
        mask = 0
        for components, raised in self.raised:
            mask |= raised if component in components else 0
        return mask


class Reached:
    """The same for every key, by classes of keys."""

    def __init__(self, homes: Homes, gains: KeyGains, starts: Iterable[Node]) -> None:
        self.homes = homes
        self.gains = gains
        self.starts = frozenset(starts)
        self._starting = [[node for node in home.members if node in self.starts] for home in homes.all]
        self._masks: dict[KeyClass, tuple[list[int], list[int]]] = {}
        self._components: dict[KeyClass, list[int]] = {}
        self._counts: dict[object, int] = {}
        self._last: OfKey | None = None

    def of(self, key: KeySubject) -> OfKey:
        """What everybody reaches of one key; the last one that was asked for is kept."""
        if self._last is None or self._last.key is not key:
            self._last = self._find(key)
        return self._last

    def _find(self, key: KeySubject) -> OfKey:
        special = self.gains.special(key)
        nodes = self.nodes_of(special)
        alone = {node: self._alone(node, key) for node in nodes}
        components = self._spread(key, alone)
        personal = {node: self._personal(node, alone) for node in nodes}
        beyond = ((node, mask & ~components[self._component(node)]) for node, mask in personal.items())
        raised = tuple((self.homes.leading_to(node), mask) for node, mask in beyond if mask)
        return OfKey(key, special, components, raised, personal)

    def nodes_of(self, arns: Iterable[str]) -> list[Node]:
        """Some principals in every variant, in a fixed order."""
        return [node for arn in sorted(arns) for node in self.homes.nodes_of(arn)]

    def gained(self, found: OfKey, node: Node) -> int:
        """The actions that one principal can come to and may not do as it stands."""
        direct = self.gains.of(node, found.key, found.special)[0].actions
        number = self._component(node)
        mask = found.components[number] | found.more(number) | found.personal.get(node, 0)
        return mask & ~direct & ALL_THERE_IS

    def everybody(self, found: OfKey, wanted: int) -> Iterator[Node]:
        """Whoever can come to one of the wanted actions."""
        direct, _ = self._of_class(found.key)
        for home, starting in zip(self.homes.all, self._starting, strict=True):
            number = self.homes.component[home.number]
            some = (found.components[number] | found.more(number)) & wanted & ~direct[home.number]
            for node in starting:
                if (some or node in found.personal) and self.gained(found, node) & wanted:
                    yield node

    def count(self) -> int:
        """How many (principal, action, key) triples there are by escalation alone."""
        return sum(self._count(self.of(key)) for key in self.gains.keys.values())

    def _count(self, found: OfKey) -> int:
        """Whole components as their class has them, corrected where the key knows somebody by name."""
        group = self.gains.classes.key_class[found.key.arn]
        if found.components is not self._components[group]:
            return sum(self.gained(found, node).bit_count() for node in self.starts)
        place = (group, frozenset((id(components), mask) for components, mask in found.raised))
        if place not in self._counts:
            self._counts[place] = sum(
                self._of_home(found, home, found.more(self.homes.component[home.number])) for home in self.homes.all
            )
        corrected = self._counts[place]
        for node in found.personal:
            if node in self.starts:
                home = self.homes.of[node]
                mask = found.more(self._component(node))
                corrected += self.gained(found, node).bit_count()
                corrected -= self._of_home(found, home, mask) // len(self._starting[home.number])
        return corrected

    def _of_home(self, found: OfKey, home: Home, more: int) -> int:
        direct = self._of_class(found.key)[0][home.number]
        mask = found.components[self.homes.component[home.number]] | more
        return (mask & ~direct & ALL_THERE_IS).bit_count() * len(self._starting[home.number])

    # --- masks ------------------------------------------------------------------------------------

    def _component(self, node: Node) -> int:
        return self.homes.component[self.homes.of[node].number]

    def _of_class(self, key: KeySubject) -> tuple[list[int], list[int]]:
        """What each home may do with the keys of a class as it stands, and what it gains."""
        group = self.gains.classes.key_class[key.arn]
        if group not in self._masks:
            each = [self.gains.of_class(home.model, key) for home in self.homes.all]
            self._masks[group] = [found[0].actions for found in each], [total(found) for found in each]
        return self._masks[group]

    def _alone(self, node: Node, key: KeySubject) -> int:
        """What a node gains about a key that knows it by name; whose class has everything already can gain no more."""
        by_class = self._of_class(key)[1][self.homes.of[node].number]
        if not ALL_THERE_IS & ~by_class and node.arn not in self.gains.denied:
            return by_class
        return total(self.gains.alone(node, key))

    def _spread(self, key: KeySubject, alone: dict[Node, int]) -> list[int]:
        """What each component reaches; anew for this key where somebody has less than its class."""
        group, masks = self.gains.classes.key_class[key.arn], self._of_class(key)[1]
        if group not in self._components:
            self._components[group] = self.homes.spread(masks)
        less = {node: mask for node, mask in alone.items() if masks[self.homes.of[node].number] & ~mask}
        if not less:
            return self._components[group]
        lowered = list(masks)
        for node, mask in less.items():
            if len(self.homes.of[node].members) == 1:
                lowered[self.homes.of[node].number] = mask
        return self.homes.spread(lowered)

    def _personal(self, node: Node, alone: dict[Node, int]) -> int:
        """What a node reaches as itself, in whatever variant it can give itself."""
        mask = alone[node]
        for edge in self.homes.moves[node].own:
            mask |= self._personal(edge.target, alone) if edge.target != node else 0
        return mask
