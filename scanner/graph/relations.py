"""The relations of the key graph: one thin networkx DiGraph per verb, nodes named by ARN or id."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # networkx takes a third of a second to load: only where a relation is looked at
    import networkx as nx

    from scanner.graph.thin import Thin

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


class Relations:
    """Every relation by its verb; edges gather in a list until somebody looks at the graph."""

    def __init__(self) -> None:
        self._edges: dict[str, list[tuple[str, str]]] = {verb: [] for verb in VERBS}
        self._graphs: dict[str, Thin] = {}

    def __getitem__(self, verb: str) -> Thin:
        from scanner.graph.thin import Thin

        edges = self._edges[verb]
        if verb not in self._graphs:
            self._graphs[verb] = Thin()
        for source, target in edges:
            self._graphs[verb].add_edge(source, target)
        edges.clear()
        return self._graphs[verb]

    def has(self, verb: str) -> bool:
        """Whether anything stands in this relation."""
        return bool(self._edges[verb]) or verb in self._graphs

    def relate(self, source: str, verb: str, target: str) -> None:
        """Say that `source` stands in relation `verb` to `target`."""
        self._edges[verb].append((source, target))

    def targets(self, source: str, verb: str) -> tuple[str, ...]:
        """What `source` directly relates to."""
        return tuple(self[verb]._succ.get(source, ())) if self.has(verb) else ()

    def sources(self, target: str, verb: str) -> tuple[str, ...]:
        """What directly relates to `target`."""
        return tuple(self[verb]._pred.get(target, ())) if self.has(verb) else ()

    def edges(self) -> Iterator[tuple[str, str, str]]:
        """Every edge as (source, verb, target)."""
        for verb in filter(self.has, VERBS):
            for source, target in self[verb].edges():
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
    import networkx as nx

    graph = nx.MultiDiGraph()
    for source, verb, target in relations.edges():
        graph.add_edge(source, target, key=verb, verb=verb)
    return graph
