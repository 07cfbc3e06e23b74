"""A master and its replica, watched by a Sentinel that puts the one in place of the other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from tests.servers.redis_server import DEFAULT_KIND, RedisServer, until

SERVICE: Final = "botkeep"

_SETTINGS: Final = f"""
sentinel monitor {SERVICE} 127.0.0.1 {{port}} 1
sentinel down-after-milliseconds {SERVICE} 500
sentinel failover-timeout {SERVICE} 3000
"""


class SentinelPair(NamedTuple):
    """The three servers, with the roles they began with."""

    master: RedisServer
    replica: RedisServer
    sentinel: RedisServer

    def change_places(self) -> None:
        """Make the replica the master and the master its replica; connections to both stay open."""
        self.replica.run("REPLICAOF", "NO", "ONE")
        self.sentinel.run("SENTINEL", "REMOVE", SERVICE)
        self.sentinel.run("SENTINEL", "MONITOR", SERVICE, "127.0.0.1", self.replica.port, 1)
        self.master.run("REPLICAOF", "127.0.0.1", self.replica.port)


@contextmanager
def started_sentinel_pair(folder: Path, kind: str = DEFAULT_KIND) -> Iterator[SentinelPair]:
    """Start the three; kill them at the end."""
    with ExitStack() as servers:
        places = [folder / name for name in ("master", "replica", "sentinel")]
        for place in places:
            place.mkdir()
        master = servers.enter_context(RedisServer(places[0], kind=kind))
        following = ("--replicaof", "127.0.0.1", str(master.port), "--repl-diskless-sync-delay", "0")
        replica = servers.enter_context(RedisServer(places[1], *following, kind=kind))
        until(lambda: replica.run("ROLE")[3] == b"connected", "the replica")
        settings = places[2] / "sentinel.conf"
        settings.write_text(_SETTINGS.format(port=master.port))
        sentinel = servers.enter_context(RedisServer(places[2], settings=settings, kind=kind))
        until(lambda: sentinel.run("SENTINEL", "REPLICAS", SERVICE), "Sentinel")
        yield SentinelPair(master, replica, sentinel)
