"""The primaries of a Redis Cluster (redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec).

The map of slots is read here and not by redis-py's client: that would be its internals, which differ between
versions, and its retries, which are not bounded by our time limit.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Collection, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from redis.crc import REDIS_CLUSTER_HASH_SLOTS, key_slot

from botkeep._core.compat import override
from botkeep.errors import StorageUnavailableError
from botkeep.storages.redis.commands import CLUSTER_SLOTS, CLUSTER_STATE
from botkeep.storages.redis.errors import RedirectedError, RetryableError
from botkeep.storages.redis.pipeline import PendingCall
from botkeep.storages.redis.topology import Topology

if TYPE_CHECKING:
    from collections.abc import Callable

    from redis.asyncio import RedisCluster
    from redis.asyncio.connection import AbstractConnection

    from botkeep.storages.redis.commands import Request
    from botkeep.storages.redis.pipeline import ServerPipeline
    from botkeep.storages.redis.topology import OpenPipeline

Address: TypeAlias = "tuple[str, int]"

_MAP_SECONDS: Final = 1.0
"""How long one server may take to tell the map before the next one is asked."""

_MAP_PAUSE: Final = 0.1


class Cluster(Topology):
    """A pipeline to each primary, made when it is first needed.

    Args:
        client: redis-py's, for the addresses to begin with and the settings of connections.
        open_pipeline: makes a pipeline.
        name: the storage's name, for errors.
        timeout: seconds that opening may take.
    """

    check = CLUSTER_STATE  # A server that has lost the others still answers PING.

    def __init__(
        self, client: RedisCluster, open_pipeline: OpenPipeline, *, name: str, timeout: float
    ) -> None:
        self._name = name
        self._timeout = timeout
        self._client = client
        self._open_pipeline = open_pipeline
        self._pipelines: dict[Address, ServerPipeline] = {}
        self._slots: list[Address | None] = [None] * REDIS_CLUSTER_HASH_SLOTS
        self._reading: asyncio.Task[None] | None = None
        self._last_error: Exception | None = None

    @override
    async def open(self) -> None:
        deadline = asyncio.get_running_loop().time() + self._timeout
        await self._read_map()
        while not self.nodes():
            if asyncio.get_running_loop().time() > deadline:
                raise StorageUnavailableError(
                    self._name, f"no server told the map of the Cluster: {self._last_error}"
                )
            await asyncio.sleep(_MAP_PAUSE)
            await self._read_map()

    @override
    def node_for(self, request: Request) -> ServerPipeline:
        address = self._slots[key_slot(request.key)]
        # Where nobody has the slot, whoever is asked says so: CLUSTERDOWN.
        return self.nodes()[0] if address is None else self._pipeline(address)

    @override
    def nodes(self) -> Sequence[ServerPipeline]:
        return [self._pipeline(address) for address in dict.fromkeys(self._slots) if address is not None]

    @override
    def pipelines(self) -> Collection[ServerPipeline]:
        return self._pipelines.values()

    @override
    def redirected(self, error: RedirectedError) -> ServerPipeline | None:
        if error.address is None:
            return None
        return self._pipeline(self._client.nodes_manager.remap_host_port(*error.address))

    @override
    async def refresh(self, error: RetryableError) -> None:
        if isinstance(error, RedirectedError) and error.address is not None:
            return
        if self._reading is None or self._reading.done():
            self._reading = asyncio.get_running_loop().create_task(self._read_map())
        await asyncio.wait([self._reading])

    @override
    async def close(self) -> None:
        if self._reading is not None:
            await asyncio.wait([self._reading])
        await asyncio.gather(*(pipeline.close() for pipeline in self._pipelines.values()))

    def _pipeline(self, address: Address) -> ServerPipeline:
        pipeline = self._pipelines.get(address)
        if pipeline is None:
            pipeline = self._pipelines[address] = self._open_pipeline(self._connect_to(address))
        return pipeline

    def _connect_to(self, address: Address) -> Callable[[], AbstractConnection]:
        node = next(iter(self._client.nodes_manager.startup_nodes.values()))
        host, port = address
        return partial(node.connection_class, **{**node.connection_kwargs, "host": host, "port": port})

    async def _read_map(self) -> None:
        """Ask one server after the other, those first that were there last time."""
        seeds = [(node.host, int(node.port)) for node in self._client.nodes_manager.startup_nodes.values()]
        for address in dict.fromkeys([*filter(None, self._slots), *seeds]):
            try:
                reply = await self._ask_for_map(address)
            except (RetryableError, StorageUnavailableError, asyncio.TimeoutError) as error:
                self._last_error = error
            else:
                if reply:
                    self._adopt(reply, address[0])
                    return

    async def _ask_for_map(self, address: Address) -> list[Any]:
        # Not by the pipeline to this server: calls may hang there.
        pipeline = self._open_pipeline(self._connect_to(address))
        try:
            call = PendingCall(CLUSTER_SLOTS, math.inf)
            ranges: list[Any] = await asyncio.wait_for(pipeline.submit(call), _MAP_SECONDS)
        finally:
            pipeline.give_up()
            await pipeline.close()
        return ranges

    def _adopt(self, ranges: list[Any], asked: str) -> None:
        slots: list[Address | None] = [None] * REDIS_CLUSTER_HASH_SLOTS
        for first, last, (host, port, *_), *_ in ranges:
            # A server that does not know its own name yet leaves it empty.
            name = host.decode() if host else asked
            address = self._client.nodes_manager.remap_host_port(name, int(port))
            slots[first : last + 1] = [address] * (last + 1 - first)
        self._slots = slots
