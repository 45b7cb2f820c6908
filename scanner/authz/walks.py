"""The shortest ways from one node to another, found between homes and then told node by node."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from scanner.authz.becoming import Edge
from scanner.authz.homes import Home, Homes
from scanner.authz.variants import Node

Walk = tuple[Edge, ...]


class Walks:
    """Ways through a folded graph."""

    def __init__(self, homes: Homes) -> None:
        self.homes = homes
        self._trees: dict[Home, dict[int, int]] = {}

    def to_home(self, start: Node, wanted: Callable[[Home], bool], fits: Callable[[Node], bool]) -> Iterator[Walk]:
        """The way to the nearest home that is wanted, ending at a member that fits."""
        tree = self._tree(self.homes.of[start])
        for vertex in list(tree)[1:]:
            if vertex < len(self.homes.all) and wanted(self.homes.all[vertex]):
                walk = self._along(start, _chain(vertex, tree), fits)
                if walk is not None:
                    yield walk
                    return

    def to_node(self, start: Node, node: Node) -> Iterator[Walk]:
        """Ways to one node: through whatever leads to it alone, or as itself with less."""
        if node == start:
            yield ()
            return
        tree = self._tree(self.homes.of[start])
        for vertex in self.homes.holding.get(node, ()):
            if vertex in tree or vertex == self.homes.of[start].number:
                walk = self._along(start, [*_chain(vertex, tree), self.homes.of[node].number], node.__eq__)
                if walk is not None:
                    yield walk
        for other in self.homes.nodes_of(node.arn):
            for edge in self.homes.moves[other].own:
                if edge.target == node and other != node:
                    yield from ((*walk, edge) for walk in self.to_node(start, other))

    def _along(self, start: Node, chain: list[int], fits: Callable[[Node], bool]) -> Walk | None:
        """The edges along some vertices; only the last node has to fit."""
        walk: list[Edge] = []
        node, through = start, -1
        for place, vertex in enumerate(chain):
            if vertex >= len(self.homes.all):
                through = vertex
                continue
            last = place == len(chain) - 1
            edge = next((e for e in self._edges(node, vertex, through) if not last or fits(e.target)), None)
            if edge is None:
                return None
            walk.append(edge)
            node, through = edge.target, -1
        return tuple(walk)

    def _edges(self, node: Node, home: int, through: int) -> Iterator[Edge]:
        """The edges of a node to members of a home, through one hub or by itself."""
        if through < 0:
            moves = self.homes.moves[node]
            yield from (e for e in (*moves.own, *moves.named) if self.homes.of[e.target].number == home)
            return
        hub = self.homes.hub(through)
        for link in self.homes.moves[node].links:
            if link.hub is hub:
                yield from (link.edge(member) for member in hub.members if self.homes.of[member].number == home)
                return

    def _tree(self, start: Home) -> dict[int, int]:
        """Every vertex that a home leads to, nearest first, with the vertex before it; the start has itself."""
        if start not in self._trees:
            before = {start.number: start.number}
            layer = [start.number]
            while layer:
                layer = self._next(layer, before)
            self._trees[start] = before
        return self._trees[start]

    def _next(self, layer: list[int], before: dict[int, int]) -> list[int]:
        """The homes one step further: through hubs, which are no step themselves."""
        found: list[int] = []
        for vertex in layer:
            for other in self.homes.onwards[vertex]:
                if other not in before:
                    before[other] = vertex
                    if other < len(self.homes.all):
                        found.append(other)
                        continue
                    fresh = [home for home in self.homes.onwards[other] if home not in before]
                    before.update(dict.fromkeys(fresh, other))
                    found += fresh
        return found


def _chain(vertex: int, tree: dict[int, int]) -> list[int]:
    """The vertices from the start, which is left out, to one of the tree."""
    chain: list[int] = []
    while tree[vertex] != vertex:
        chain.append(vertex)
        vertex = tree[vertex]
    return chain[::-1]
