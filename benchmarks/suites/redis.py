"""RedisStorage beside kurigram-addons', aiogram's, redis-py without a storage, and redis-benchmark.

All on one local server that writes nothing to disk, each with a client of its own with redis-py's defaults.
"""

from __future__ import annotations

import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson
from redis.asyncio import Redis
from tests.servers.redis_server import RedisServer

from benchmarks.peers import kurigram, redis_benchmark
from benchmarks.peers import redis_storages as peers
from benchmarks.rows import AtLeast, Row, Within
from benchmarks.runner import Rival, Scale, Turn, race, take_turns
from benchmarks.workloads import DOCUMENT, Workload, gets, increments, rate, sets, swap, swaps
from botkeep import RedisStorage
from botkeep.testing.faults import FaultProxy

_MANY: Final = 100
_SIZE: Final = len(orjson.dumps(DOCUMENT))


class _Contestants(NamedTuple):
    ours: RedisStorage
    kurigram: Any
    aiogram: peers.Aiogram
    bare: peers.Bare


async def run(scale: Scale) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="botkeep-bench-") as name, RedisServer(Path(name)) as server:
        async with AsyncExitStack() as stack:
            clients = [await stack.enter_async_context(Redis(port=server.port)) for _ in range(4)]
            contestants = _Contestants(
                await stack.enter_async_context(RedisStorage(clients[0])),
                peers.kurigram(clients[1]),
                peers.Aiogram(clients[2]),
                peers.Bare(clients[3]),
            )
            return [
                *await _many_callers(contestants, server, scale),
                *await _one_caller(contestants, scale),
                await _round_trips(server, scale),
            ]


async def _many_callers(contestants: _Contestants, server: RedisServer, scale: Scale) -> list[Row]:
    ours, theirs, aiogram, bare = contestants

    async def versus(verb: str, workload: Workload, call: Any, bar: float, **others: Any) -> list[Row]:
        mine = rate(workload, call, _MANY, scale.of(20_000))
        rivals = [
            Rival(
                name,
                rate(workload, other, _MANY, scale.of(5_000)),
                AtLeast(bar) if name != peers.BARE else None,
            )
            for name, other in others.items()
        ]
        return await race(
            scale, f"{_MANY} callers: {verb}", "calls/s", mine, *rivals, *_native(verb, server, scale)
        )

    def all_of(verb: str) -> dict[str, Any]:
        contestants = {peers.KURIGRAM: theirs, peers.AIOGRAM: aiogram, peers.BARE: bare}
        return {
            name: getattr(storage, verb) for name, storage in contestants.items() if hasattr(storage, verb)
        }

    return [
        *await versus("set", sets, ours.set_state, 3, **all_of("set_state")),
        *await versus("get", gets, ours.get_state, 4, **all_of("get_state")),
        *await versus("increment", increments, ours.increment, 5, **all_of("increment")),
        *await versus("compare_and_set", swaps, swap(ours), 10, **{peers.KURIGRAM: kurigram.swap(theirs)}),
    ]


def _native(verb: str, server: RedisServer, scale: Scale) -> list[Rival]:
    if verb != "get" or redis_benchmark.executable() is None:
        return []
    turn = redis_benchmark.gets(server.port, clients=_MANY, size=_SIZE, calls=scale.of(100_000))
    return [Rival(redis_benchmark.NAME, turn, AtLeast(0.6), f"-c {_MANY}, {_SIZE} bytes")]


async def _one_caller(contestants: _Contestants, scale: Scale) -> list[Row]:
    ours, bare = contestants.ours, contestants.bare

    async def alone(verb: str, workload: Workload, bar: AtLeast | None, note: str) -> list[Row]:
        mine, theirs = (
            rate(workload, getattr(one, f"{verb}_state"), 1, scale.of(5_000)) for one in (ours, bare)
        )
        return await race(scale, f"1 caller: {verb}", "calls/s", mine, Rival(peers.BARE, theirs, bar, note))

    return [
        *await alone("set", sets, None, "orjson.dumps and set()"),
        *await alone("get", gets, AtLeast(0.85), "get() and orjson.loads"),
    ]


async def _round_trips(server: RedisServer, scale: Scale) -> Row:
    async with (
        FaultProxy("127.0.0.1", server.port) as proxy,
        Redis(port=proxy.port) as client,
        RedisStorage(client) as storage,
    ):
        (figures,) = await take_turns([_one_swap(storage, proxy)], scale)
    return Row("1 compare_and_set", "round trips", figures, bar=Within(1), note="counted on the wire")


def _one_swap(storage: RedisStorage, proxy: FaultProxy) -> Turn:
    async def turn() -> float:
        await storage.set_state("order", DOCUMENT)
        before = proxy.round_trips
        assert await storage.compare_and_set("order", DOCUMENT, expected=DOCUMENT)
        return proxy.round_trips - before

    return turn
