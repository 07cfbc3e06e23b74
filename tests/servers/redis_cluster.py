"""A Redis Cluster of three primaries, made with the servers' own commands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from redis.crc import key_slot
from tests.servers.redis_server import DEFAULT_KIND, RedisServer, until

SLOTS: Final = 16_384
NODES: Final = 3
OPTIONS: Final = ("--cluster-enabled", "yes", "--cluster-node-timeout", "1000")
"""What makes a server one of a Cluster, and quick to find out that another is dead."""


class Cluster:
    """The servers, each with a third of the slots.

    Attributes:
        nodes: in the order of their slots.
    """

    def __init__(self, nodes: list[RedisServer]) -> None:
        self.nodes = nodes

    def form(self) -> None:
        """Give out the slots, let the servers meet, and wait until all of them know it."""
        for position, node in enumerate(self.nodes):
            slots = range(position * SLOTS // NODES, (position + 1) * SLOTS // NODES)
            node.run("CLUSTER", "ADDSLOTS", *slots)
            # Without an epoch of its own for each, two of them may quarrel about who is who.
            node.run("CLUSTER", "SET-CONFIG-EPOCH", position + 1)
        for node in self.nodes[1:]:
            node.run("CLUSTER", "MEET", "127.0.0.1", self.nodes[0].port)
        for node in self.nodes:
            until(partial(self._is_whole, node), "the Cluster")

    def _is_whole(self, node: RedisServer) -> bool:
        lines = node.run("CLUSTER", "INFO").splitlines()
        return b"cluster_state:ok" in lines and b"cluster_known_nodes:%d" % NODES in lines

    def node_of(self, key: bytes) -> RedisServer:
        """Return the server that had the key at first."""
        return self.nodes[key_slot(key) * NODES // SLOTS]

    def follow(self, replica: RedisServer, primary: RedisServer) -> None:
        """Make an empty server the replica of a primary, and wait until it has its data and all know it."""
        replica.run("CLUSTER", "MEET", "127.0.0.1", primary.port)
        until(lambda: replica.run("CLUSTER", "REPLICATE", self.name_of(primary)), "the meeting")
        until(lambda: replica.run("ROLE")[3] == b"connected", "the replica")
        for node in (*self.nodes, replica):
            until(partial(self._knows_all, node), "the news")

    def _knows_all(self, node: RedisServer) -> bool:
        nodes: bytes = node.run("CLUSTER", "NODES")
        return (
            nodes.count(b" connected") == len(self.nodes) + 1
            and b"slave" in nodes
            and b"handshake" not in nodes
        )

    def name_of(self, node: RedisServer) -> str:
        """Return what the servers call this one."""
        name: bytes = node.run("CLUSTER", "MYID")
        return name.decode()

    def flush(self) -> None:
        for node in self.nodes:
            node.run("FLUSHALL")


@contextmanager
def started_cluster(folder: Path, kind: str = DEFAULT_KIND) -> Iterator[Cluster]:
    """Start three servers that form a Cluster; kill them at the end."""
    with ExitStack() as servers:
        nodes = []
        for position in range(NODES):
            place = folder / str(position)
            place.mkdir()
            nodes.append(servers.enter_context(RedisServer(place, *OPTIONS, kind=kind)))
        cluster = Cluster(nodes)
        cluster.form()
        yield cluster
