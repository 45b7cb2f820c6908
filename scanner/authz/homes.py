"""The graph of who comes to be whom, folded: nodes that reach the same and lead to the same are one home.

Homes and hubs are condensed into strongly connected components once; the masks of a class of keys then spread
through them in one pass.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

from scanner.authz.becoming import Hub, Link, Moves
from scanner.authz.variants import Node


class Home:
    """Nodes that no document tells apart and that lead to the same."""

    __slots__ = ("links", "members", "named", "number", "own")

    def __init__(self, number: int, moves: Moves, own: tuple[Home, ...], named: tuple[Node, ...]) -> None:
        self.number = number
        self.members: list[Node] = []
        self.links: tuple[Link, ...] = moves.links
        self.own = own
        self.named = named

    @property
    def model(self) -> Node:
        """Stands for all of them."""
        return self.members[0]


class Homes:
    """Every node's home, and how homes lead to each other."""

    def __init__(self, moves: dict[Node, Moves], told_apart: Callable[[Node], Hashable]) -> None:
        self.moves = moves
        self.all: list[Home] = []
        self.of: dict[Node, Home] = {}
        self._told_apart = told_apart
        self._by_signature: dict[Hashable, Home] = {}
        self._nodes: dict[str, list[Node]] = {}
        self._leading: dict[frozenset[int], frozenset[int]] = {}
        self._ancestors: dict[int, frozenset[int]] = {}
        for node in moves:
            self._settle(node)
            self._nodes.setdefault(node.arn, []).append(node)
        self.hubs: list[Hub] = list({id(link.hub): link.hub for home in self.all for link in home.links}.values())
        self._hub_number = {id(hub): len(self.all) + i for i, hub in enumerate(self.hubs)}
        self.holding: dict[Node, list[int]] = {}
        """The vertices that lead to a very node: hubs that hold it, homes with an edge to it alone."""
        self.onwards: list[list[int]] = [self._leads(home) for home in self.all]
        self.onwards += [sorted({self.of[node].number for node in hub.members}) for hub in self.hubs]
        for hub in self.hubs:
            for node in hub.members:
                self.holding.setdefault(node, []).append(self._hub_number[id(hub)])
        for home in self.all:
            for node in home.named:
                self.holding.setdefault(node, []).append(home.number)
        self.component, self.order = components(self.onwards)
        self.after: list[set[int]] = [set() for _ in self.order]
        for vertex, found in enumerate(self.onwards):
            self.after[self.component[vertex]].update(self.component[v] for v in found)
        self.before: list[set[int]] = [set() for _ in self.order]
        for number, found_after in enumerate(self.after):
            for other in found_after - {number}:
                self.before[other].add(number)
        self.homes_in: list[list[Home]] = [[] for _ in self.order]
        for home in self.all:
            self.homes_in[self.component[home.number]].append(home)

    def hub(self, vertex: int) -> Hub:
        """The hub of a vertex that is no home."""
        return self.hubs[vertex - len(self.all)]

    def nodes_of(self, arn: str) -> list[Node]:
        """A principal in every variant."""
        return self._nodes.get(arn, [])

    def _settle(self, node: Node) -> Home:
        """What a node gives itself leads to nodes with more, so this ends."""
        if node in self.of:
            return self.of[node]
        moves = self.moves[node]
        own = tuple(dict.fromkeys(self._settle(edge.target) for edge in moves.own if edge.target != node))
        named = tuple(dict.fromkeys(edge.target for edge in moves.named))
        links = tuple((id(link.hub), link.become, link.change) for link in moves.links)
        signature = (self._told_apart(node), own, named, links)
        home = self._by_signature.get(signature)
        if home is None:
            home = self._by_signature[signature] = Home(len(self.all), moves, own, named)
            self.all.append(home)
        home.members.append(node)
        self.of[node] = home
        return home

    def _leads(self, home: Home) -> list[int]:
        found = {other.number for other in home.own} | {self.of[node].number for node in home.named}
        return sorted(found | {self._hub_number[id(link.hub)] for link in home.links})

    # --- masks ------------------------------------------------------------------------------------

    def spread(self, masks: Sequence[int]) -> list[int]:
        """What each component reaches, where homes have `masks`."""
        reached = [0] * len(self.order)
        for number in self.order:
            mask = 0
            for home in self.homes_in[number]:
                mask |= masks[home.number]
            for other in self.after[number]:
                mask |= reached[other]
            reached[number] = mask
        return reached

    def leading_to(self, node: Node) -> frozenset[int]:
        """The components from which somebody comes to be this very node; the same set for the same ways to it."""
        holding = frozenset(self.component[vertex] for vertex in self.holding.get(node, ()))
        if holding not in self._leading:
            self._leading[holding] = frozenset().union(*(self._above(number) for number in holding))
        return self._leading[holding]

    def _above(self, component: int) -> frozenset[int]:
        """A component and everything that leads to it."""
        if component not in self._ancestors:
            found, waiting = {component}, [component]
            while waiting:
                fresh = self.before[waiting.pop()] - found
                found |= fresh
                waiting += fresh
            self._ancestors[component] = frozenset(found)
        return self._ancestors[component]


def components(onwards: Sequence[Sequence[int]]) -> tuple[list[int], list[int]]:
    """The strongly connected component of each vertex, and the components with what they lead to first (Tarjan)."""
    index: list[int] = [-1] * len(onwards)
    low: list[int] = [0] * len(onwards)
    component: list[int] = [-1] * len(onwards)
    stack: list[int] = []
    count = found = 0
    for root in range(len(onwards)):
        if index[root] >= 0:
            continue
        work = [(root, 0)]
        while work:
            vertex, place = work.pop()
            if place == 0:
                index[vertex] = low[vertex] = count
                count += 1
                stack.append(vertex)
            descend = None
            for i in range(place, len(onwards[vertex])):
                other = onwards[vertex][i]
                if index[other] < 0:
                    descend = (other, i)
                    break
                if component[other] < 0:
                    low[vertex] = min(low[vertex], index[other])
            if descend is not None:
                work += [(vertex, descend[1] + 1), (descend[0], 0)]
                continue
            if low[vertex] == index[vertex]:
                while component[vertex] < 0:
                    component[stack.pop()] = found
                found += 1
            if work:
                parent = work[-1][0]
                low[parent] = min(low[parent], low[vertex])
    return component, list(range(found))
