"""The primaries of a Redis Cluster (redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec).

The map of slots is read here and not by redis-py's client: that would be its internals, which differ between
versions, and its retries, which are not bounded by our time limit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from redis.crc import REDIS_CLUSTER_HASH_SLOTS, key_slot

from botkeep._core.compat import override
from botkeep.errors import StorageUnavailableError
from botkeep.storages.redis.commands import Command, cluster_state
from botkeep.storages.redis.connection import Connection
from botkeep.storages.redis.errors import Redirected, Refused
from botkeep.storages.redis.topology import Servers

if TYPE_CHECKING:
    from collections.abc import Callable

    from redis.asyncio import RedisCluster
    from redis.asyncio.connection import AbstractConnection

    from botkeep.storages.redis.pipeline import Lane
    from botkeep.storages.redis.topology import OpenLane
    from botkeep.ttl import Clock

Address: TypeAlias = "tuple[str, int]"

_MAP_SECONDS: Final = 1.0
"""How long one server may take to tell the map before the next one is asked."""

_MAP_PAUSE: Final = 0.1


class Cluster(Servers):
    """A lane to each primary, made when it is first needed.

    Args:
        client: redis-py's, for the addresses to begin with and the settings of connections.
        open_lane: makes a lane.
        clock: the storage's clock.
        name: the storage's name, for errors.
        seconds: how long opening may take.
    """

    def __init__(
        self, client: RedisCluster, open_lane: OpenLane, *, clock: Clock, name: str, seconds: float
    ) -> None:
        self._name = name
        self._seconds = seconds
        self._client = client
        self._open_lane = open_lane
        self._clock = clock
        self._lanes: dict[Address, Lane] = {}
        self._slots: list[Address | None] = [None] * REDIS_CLUSTER_HASH_SLOTS
        self._reading: asyncio.Task[None] | None = None
        self._trouble: Exception | None = None

    @override
    async def open(self) -> None:
        deadline = asyncio.get_running_loop().time() + self._seconds
        await self._read_map()
        while not self.lanes():
            if asyncio.get_running_loop().time() > deadline:
                raise StorageUnavailableError(
                    self._name, f"no server told the map of the Cluster: {self._trouble}"
                )
            await asyncio.sleep(_MAP_PAUSE)
            await self._read_map()

    @override
    def lane_of(self, command: Command) -> Lane:
        lane = command.ask or command.lane
        if lane is not None:
            return lane
        address = self._slots[key_slot(command.key)]
        # Where nobody has the slot, whoever is asked says so: CLUSTERDOWN.
        return self.lanes()[0] if address is None else self._lane(address)

    @override
    def lanes(self) -> Sequence[Lane]:
        return [self._lane(address) for address in dict.fromkeys(self._slots) if address is not None]

    @override
    def check(self, lane: Lane) -> Command:
        # A server that has lost the others still answers PING.
        return cluster_state(lane)

    @override
    def redirect(self, command: Command, redirected: Redirected) -> None:
        if redirected.address is not None:
            command.ask = self._lane(redirected.address)

    @override
    async def learn(self, refusal: Refused) -> None:
        if isinstance(refusal, Redirected) and refusal.address is not None:
            return
        if self._reading is None or self._reading.done():
            self._reading = asyncio.get_running_loop().create_task(self._read_map())
        await asyncio.wait([self._reading])

    @override
    async def close(self) -> None:
        if self._reading is not None:
            await asyncio.wait([self._reading])
        await asyncio.gather(*(lane.close() for lane in self._lanes.values()))

    def _lane(self, address: Address) -> Lane:
        lane = self._lanes.get(address)
        if lane is None:
            lane = self._lanes[address] = self._open_lane(self._maker(address))
        return lane

    def _maker(self, address: Address) -> Callable[[], AbstractConnection]:
        node = next(iter(self._client.nodes_manager.startup_nodes.values()))
        host, port = address
        return partial(node.connection_class, **{**node.connection_kwargs, "host": host, "port": port})

    async def _read_map(self) -> None:
        """Ask one server after the other, those first that were there last time."""
        seeds = [(node.host, int(node.port)) for node in self._client.nodes_manager.startup_nodes.values()]
        for address in dict.fromkeys([*filter(None, self._slots), *seeds]):
            reply = await self._ask_for_map(address)
            if isinstance(reply, list) and reply:
                self._adopt(reply, address[0])
                return
            self._trouble = reply if isinstance(reply, Exception) else None

    async def _ask_for_map(self, address: Address) -> Any:
        connection = Connection(self._maker(address), clock=self._clock, seconds=_MAP_SECONDS)
        command = Command(b"CLUSTER", b"SLOTS")
        try:
            await connection.exchange([command])
        finally:
            await connection.close()
        return command.reply

    def _adopt(self, ranges: list[Any], asked: str) -> None:
        slots: list[Address | None] = [None] * REDIS_CLUSTER_HASH_SLOTS
        for first, last, (host, port, *_), *_ in ranges:
            # A server that does not know its own name yet leaves it empty.
            name = host.decode() if host else asked
            address = self._client.nodes_manager.remap_host_port(name, int(port))
            slots[first : last + 1] = [address] * (last + 1 - first)
        self._slots = slots
