"""RedisStorage beside kurigram-addons', aiogram's, redis-py without a storage, and redis-benchmark.

All on one local server that writes nothing to disk, each with a client of its own. All clients read replies
by hiredis, the parser in C; in the rows that say so, by the one in Python that `pip install redis` alone has.
"""

from __future__ import annotations

import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson
from tests.servers.redis_server import RedisServer

from benchmarks.peers import redis_benchmark
from benchmarks.peers import redis_storages as peers
from benchmarks.peers.kurigram import swap as kurigram_swap
from benchmarks.peers.redis_clients import HIREDIS, PYTHON, new_client
from benchmarks.peers.shared_trips import SharedTrips
from benchmarks.rows import AtLeast, Row, Within
from benchmarks.runner import Rival, Scale, Turn, race, take_turns
from benchmarks.workloads import DOCUMENT, Workload, gets, increments, rate, sets, swap, swaps
from botkeep import RedisStorage
from botkeep.testing.faults import FaultProxy

_MANY: Final = 100
_CALLS: Final = 5_000
_SIZE: Final = len(orjson.dumps(DOCUMENT))


class _Contestants(NamedTuple):
    ours: RedisStorage
    kurigram: Any
    aiogram: peers.Aiogram
    bare: peers.Bare
    trips: SharedTrips

    def calls(self, verb: str) -> dict[str, Any]:
        """Return the verb of each peer that has it, by the peer's name."""
        named = {
            peers.KURIGRAM: self.kurigram,
            peers.AIOGRAM: self.aiogram,
            peers.BARE: self.bare,
            SharedTrips.NAME: self.trips,
        }
        return {name: getattr(storage, verb) for name, storage in named.items() if hasattr(storage, verb)}


async def run(scale: Scale) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="botkeep-bench-") as name, RedisServer(Path(name)) as server:
        async with AsyncExitStack() as stack:
            contestants = await _contestants(server, HIREDIS, stack)
            return [
                *await _many_callers(contestants, server, scale),
                *await _one_caller(contestants, scale),
                *await _in_python(await _contestants(server, PYTHON, stack), scale),
                await _round_trips(server, scale),
            ]


async def _contestants(server: RedisServer, parser: Any, stack: AsyncExitStack) -> _Contestants:
    clients = [await stack.enter_async_context(new_client(server.port, parser)) for _ in range(4)]
    ours = await stack.enter_async_context(RedisStorage(clients[0]))
    trips = await stack.enter_async_context(SharedTrips.opened(server.port))
    kurigram, aiogram = peers.kurigram(clients[1]), peers.Aiogram(clients[2])
    return _Contestants(ours, kurigram, aiogram, peers.Bare(clients[3]), trips)


async def _many_callers(contestants: _Contestants, server: RedisServer, scale: Scale) -> list[Row]:
    ours, theirs = contestants.ours, contestants.kurigram
    swapping = {peers.KURIGRAM: kurigram_swap(theirs)}
    return [
        *await _versus("set", sets, ours.set_state, contestants.calls("set_state"), 9, scale),
        *await _versus(
            "get",
            gets,
            ours.get_state,
            contestants.calls("get_state"),
            9,
            scale,
            *_native(server, scale),
        ),
        *await _versus("increment", increments, ours.increment, contestants.calls("increment"), 5, scale),
        *await _versus("compare_and_set", swaps, swap(ours), swapping, 10, scale),
    ]


async def _in_python(contestants: _Contestants, scale: Scale) -> list[Row]:
    ours = contestants.ours
    return [
        *await _versus(
            "set, parser in Python", sets, ours.set_state, contestants.calls("set_state"), 9, scale
        ),
        *await _versus(
            "get, parser in Python", gets, ours.get_state, contestants.calls("get_state"), 9, scale
        ),
    ]


async def _versus(
    what: str, workload: Workload, call: Any, theirs: dict[str, Any], bar: float, scale: Scale, *others: Rival
) -> list[Row]:
    def turn(verb: Any) -> Turn:
        return rate(workload, verb, _MANY, scale.of(_CALLS))

    rivals = [
        Rival(name, turn(other), AtLeast(bar) if name in (peers.KURIGRAM, peers.AIOGRAM) else None)
        for name, other in theirs.items()
    ]
    return await race(scale, f"{_MANY} callers: {what}", "calls/s", turn(call), *rivals, *others)


def _native(server: RedisServer, scale: Scale) -> list[Rival]:
    if redis_benchmark.executable() is None:
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
        new_client(proxy.port, PYTHON) as client,
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
