"""The relations of the key graph: one thin networkx DiGraph per verb, nodes named by ARN or id."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import networkx as nx

VERBS = (
    "protects",  # key -> resource
    "holds",  # cluster -> store -> key
    "aliases",  # alias -> key
    "replica_of",  # replica key -> primary key
    "derived_from",  # copy -> what it was made from
    "replicates_to",  # source -> where its data flows
    "unlocks",  # secret -> database
    "granted",  # key -> grant
)

_NO_ATTRIBUTES: dict[str, Any] = {}


class Thin(nx.DiGraph):  # type: ignore[misc]
    """A DiGraph whose nodes and edges carry nothing: records stand in tables beside it.

    All share one empty attribute dict, which at a million nodes saves two thirds of the memory.
    """

    node_attr_dict_factory = edge_attr_dict_factory = staticmethod(lambda: _NO_ATTRIBUTES)

    def add_edge(self, source: str, target: str) -> None:
        """Relate two nodes; attributes would leak into every edge, so there are none."""
        super().add_edge(source, target)


class Relations:
    """Every relation by its verb."""

    def __init__(self) -> None:
        self._graphs: dict[str, Thin] = {verb: Thin() for verb in VERBS}

    def __getitem__(self, verb: str) -> Thin:
        return self._graphs[verb]

    def relate(self, source: str, verb: str, target: str) -> None:
        """Say that `source` stands in relation `verb` to `target`."""
        self._graphs[verb].add_edge(source, target)

    def targets(self, source: str, verb: str) -> tuple[str, ...]:
        """What `source` directly relates to."""
        return tuple(self._graphs[verb]._succ.get(source, ()))

    def sources(self, target: str, verb: str) -> tuple[str, ...]:
        """What directly relates to `target`."""
        return tuple(self._graphs[verb]._pred.get(target, ()))

    def edges(self) -> Iterator[tuple[str, str, str]]:
        """Every edge as (source, verb, target)."""
        for verb, graph in self._graphs.items():
            for source, target in graph.edges():
                yield source, verb, target


def reachable(steps: Iterable[Thin], start: str) -> dict[str, str | None]:
    """Breadth-first from `start` over several relations: each node reached and the node before it."""
    graphs = tuple(steps)
    before: dict[str, str | None] = {start: None}
    queue = [start]
    for node in queue:
        for graph in graphs:
            for neighbour in graph._succ.get(node, ()):
                if neighbour not in before:
                    before[neighbour] = node
                    queue.append(neighbour)
    return before


def to_networkx(relations: Relations) -> nx.MultiDiGraph:
    """One plain attributed graph for notebooks and exports; edges are keyed by their verb."""
    graph = nx.MultiDiGraph()
    for source, verb, target in relations.edges():
        graph.add_edge(source, target, key=verb, verb=verb)
    return graph
