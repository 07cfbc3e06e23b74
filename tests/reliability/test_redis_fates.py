"""A server that stops reading in the middle of a batch, and goes on later: what was told is what happened.

The proxy lets k bytes of the requests through and holds the rest until every caller has been told, for every
k. A call that returned has happened; one that raised `StorageUnavailableError` has not, and does not happen
later; `OutcomeUnknownError` says nothing, and is right only for what was handed to the connection.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar

import pytest
from redis import asyncio as aioredis
from tests.servers.redis_cluster import Cluster
from tests.servers.redis_sentinel import SERVICE, SentinelPair
from tests.servers.redis_server import RedisServer

from botkeep import (
    BaseStorage,
    FSMContext,
    OutcomeUnknownError,
    RateLimiter,
    RedisStorage,
    StateKey,
    StorageUnavailableError,
)
from botkeep._core.paths import inner
from botkeep.hooks import Stored
from botkeep.testing.faults import FaultProxy

Client: TypeAlias = "aioredis.Redis | aioredis.RedisCluster"

Outcome = TypeVar("Outcome")

TIMEOUT: Final = 0.6
CALM: Final = 60.0
"""Seconds for what is not to fail, also on a busy machine."""

KEY: Final = StateKey(1, 2, 3)
OTHER_KEY: Final = StateKey(1, 9, 3)


class Site(NamedTuple):
    """Servers of one kind.

    Attributes:
        server: has all keys that begin with "{fates}".
        connect: returns a client that reaches this server by another port of 127.0.0.1.
    """

    server: RedisServer
    connect: Callable[[int], Client]


@pytest.fixture
def lone_server(empty_redis: RedisServer) -> Site:
    return Site(empty_redis, lambda port: aioredis.Redis(port=port))


class SentinelBehindAProxy(aioredis.Sentinel):
    """Asks Sentinel who the master is, and goes there by way of the proxy.

    Args:
        sentinel: the one that is asked.
        port: of the proxy.
    """

    def __init__(self, sentinel: aioredis.Sentinel, port: int) -> None:
        super().__init__([])  # type: ignore[no-untyped-call] # redis-py has no types for it
        self._sentinel = sentinel
        self._port = port

    async def discover_master(self, service_name: str) -> tuple[str, int]:
        await self._sentinel.discover_master(service_name)
        return "127.0.0.1", self._port


@pytest.fixture
async def sentinel(sentinel_pair: SentinelPair) -> AsyncIterator[Site]:
    sentinel = aioredis.Sentinel([("127.0.0.1", sentinel_pair.sentinel.port)])  # type: ignore[no-untyped-call] # redis-py has no types for it
    yield Site(sentinel_pair.master, lambda port: SentinelBehindAProxy(sentinel, port).master_for(SERVICE))
    # Sentinel.aclose came with redis-py 8.
    await asyncio.gather(*(client.aclose() for client in sentinel.sentinels))


@pytest.fixture
def cluster(empty_redis_cluster: Cluster) -> Site:
    server = empty_redis_cluster.node_of(b"{fates}")

    def connect(port: int) -> Client:
        return aioredis.RedisCluster(
            host="127.0.0.1",
            port=empty_redis_cluster.nodes[0].port,
            address_remap=lambda address: ("127.0.0.1", port if address[1] == server.port else address[1]),
        )

    return Site(server, connect)


@pytest.fixture(params=["lone_server", "sentinel", "cluster"])
def site(request: pytest.FixtureRequest) -> Site:
    site: Site = request.getfixturevalue(request.param)
    return site


class Write(NamedTuple):
    """A verb that writes.

    Attributes:
        call: makes it happen, on a storage that was prepared.
        happened: whether it has, as another storage on the same server sees it.
    """

    call: Callable[[BaseStorage], Awaitable[Any]]
    happened: Callable[[BaseStorage], Awaitable[bool]]


def equals(identifier: str, expected: Any) -> Callable[[BaseStorage], Awaitable[bool]]:
    async def happened(storage: BaseStorage) -> bool:
        return bool(await storage.get_state(identifier) == expected)

    return happened


async def expires(storage: BaseStorage) -> bool:
    return (await storage.get_ttl("touched") or 0) < 10_000


async def knows_the_field(storage: BaseStorage) -> bool:
    return await FSMContext(storage, KEY).get_data() == {"x": 1}


async def dialogue_is_gone(storage: BaseStorage) -> bool:
    return await FSMContext(storage, OTHER_KEY).get_data() == {}


def limiter(storage: BaseStorage) -> RateLimiter:
    return RateLimiter(storage, "5/week", strategy="gcra", on_unavailable="raise")


async def is_counted(storage: BaseStorage) -> bool:
    return (await limiter(storage).peek("spammer")).remaining < 5


async def is_cleared(storage: BaseStorage) -> bool:
    return len(await storage.namespace("cleared").list_keys()) < 3


async def is_added(storage: BaseStorage) -> bool:
    return len(await storage.namespace("added").list_keys()) > 0


async def add_many(storage: BaseStorage) -> None:
    documents = {str(number): Stored(b"1", math.inf) for number in range(3)}
    await storage.engine._add_many(inner(storage._namespace, "added"), documents)


async def prepare(storage: BaseStorage) -> None:
    await asyncio.gather(
        *(
            storage.set_state(identifier, "old", ttl=20_000)
            for identifier in ("deleted", "swapped", "touched")
        ),
        *(storage.namespace("cleared").set_state(str(number), number) for number in range(3)),
        storage.set_state("count", 10),
        FSMContext(storage, OTHER_KEY).update_data(x=1),
    )


PLAIN: Final = {
    "set_state": Write(lambda storage: storage.set_state("set", 1), equals("set", 1)),
    "set_state, ttl": Write(lambda storage: storage.set_state("set, ttl", 1, ttl=99), equals("set, ttl", 1)),
    "delete_state": Write(lambda storage: storage.delete_state("deleted"), equals("deleted", None)),
    "touch": Write(lambda storage: storage.touch("touched", ttl=99), expires),
}
"""Those that are a command of Redis."""

SCRIPTED: Final = {
    "increment": Write(lambda storage: storage.increment("count"), equals("count", 11)),
    "compare_and_set": Write(
        lambda storage: storage.compare_and_set("swapped", "new", expected="old"), equals("swapped", "new")
    ),
    "update": Write(lambda storage: storage.update("swapped", lambda _: "new"), equals("swapped", "new")),
    "FSM update": Write(lambda storage: FSMContext(storage, KEY).update_data(x=1), knows_the_field),
    "FSM clear": Write(lambda storage: FSMContext(storage, OTHER_KEY).clear(), dialogue_is_gone),
    "hit": Write(lambda storage: limiter(storage).hit("spammer"), is_counted),
    "clear_namespace": Write(lambda storage: storage.namespace("cleared").clear_namespace(), is_cleared),
    "add_many": Write(add_many, is_added),
}


class Case(NamedTuple):
    """A storage in front of which the proxy lets so many bytes through.

    Attributes:
        storage: calls have little time.
        proxy: between it and the server.
        position: how many bytes the server gets before it stops reading.
        observer: the same documents, through a storage without a proxy.
    """

    storage: BaseStorage
    proxy: FaultProxy
    position: int
    observer: BaseStorage

    async def outcomes(self, writes: list[Write]) -> list[Any]:
        """Make the calls, half of them while the others hang; check what they say, and return it."""
        self.proxy.requests.hold(after=self.position)
        calls = []
        for number, write in enumerate(writes):
            if number == (len(writes) + 1) // 2:
                await asyncio.sleep(TIMEOUT / 2)
            calls.append(asyncio.ensure_future(write.call(self.storage)))
        told = await asyncio.gather(*calls, return_exceptions=True)
        self.proxy.requests.heal()
        # For longer than a call may take: one that was given up might still be sent.
        await asyncio.sleep(TIMEOUT * 1.5)
        for write, outcome in zip(writes, told, strict=True):
            await check(write, outcome, self.observer)
        return told


async def opened_case(
    stack: AsyncExitStack, site: Site, position: int, observer: BaseStorage, *, new_connection: bool
) -> Case:
    proxy = await stack.enter_async_context(FaultProxy("127.0.0.1", site.server.port))
    storage = await stack.enter_async_context(impatient(site, proxy.port))
    observed = observer.namespace(str(position))
    await prepare(observed)
    if new_connection:
        proxy.reset()
        while proxy.open:  # noqa: ASYNC110 # the other end notices at the same moment, and has no event for it
            await asyncio.sleep(0.001)
    return Case(storage.namespace(str(position)), proxy, position, observed)


def opened(site: Site, port: int) -> RedisStorage:
    return RedisStorage(site.connect(port), prefix="{fates}", timeout=CALM)


@asynccontextmanager
async def impatient(site: Site, port: int) -> AsyncIterator[RedisStorage]:
    """Yield a storage whose calls have little time; but it had all the time it needed to open."""
    storage = RedisStorage(site.connect(port), prefix="{fates}", timeout=TIMEOUT)
    try:
        while not await is_open(storage):
            pass
        yield storage
    finally:
        await storage.stop()


async def is_open(storage: RedisStorage) -> bool:
    try:
        await storage.get_state("anything")
    except StorageUnavailableError:
        return False
    return True


async def check(write: Write, outcome: Any, observer: BaseStorage) -> None:
    if isinstance(outcome, OutcomeUnknownError):
        return
    happened = await write.happened(observer)
    if isinstance(outcome, BaseException):
        assert type(outcome) is StorageUnavailableError
        assert not happened
    else:
        assert happened


async def told_for(
    site: Site, writes: Iterable[Write], positions: Iterable[int], *, new_connection: bool
) -> set[type]:
    """Check the writes at all these positions; return the kinds of what was told."""
    writes, positions = [*writes], [*positions]
    told: set[type] = set()
    # To connect takes most of what a case takes of the processor.
    at_once = 25 if new_connection else 100
    async with opened(site, site.server.port) as observer:
        for start in range(0, len(positions), at_once):
            async with AsyncExitStack() as stack:
                # One after the other: opened all at once, each would take longer than it may.
                cases = [
                    await opened_case(stack, site, position, observer, new_connection=new_connection)
                    for position in positions[start : start + at_once]
                ]
                for outcomes in await all_of(case.outcomes(writes) for case in cases):
                    told.update(map(type, outcomes))
    return told


async def all_of(cases: Iterable[Awaitable[Outcome]]) -> list[Outcome]:
    """Wait for all of them, also when one has failed."""
    outcomes: list[Outcome] = []
    for outcome in await asyncio.gather(*cases, return_exceptions=True):
        if isinstance(outcome, BaseException):
            raise outcome
        outcomes.append(outcome)
    return outcomes


async def size_of(site: Site, writes: Iterable[Write], *, new_connection: bool) -> int:
    """Return how many bytes these writes are, with those that open the connection."""
    async with FaultProxy("127.0.0.1", site.server.port) as proxy, opened(site, proxy.port) as storage:
        await prepare(storage.namespace("100"))
        if new_connection:
            proxy.reset()
            await asyncio.sleep(0.01)
        before = proxy.requests.passed
        await asyncio.gather(*(write.call(storage.namespace("100")) for write in writes))
        size = proxy.requests.passed - before
        await storage.namespace("100").clear_namespace()
    return size


connections = pytest.mark.parametrize(
    "new_connection", [False, True], ids=["on an open connection", "on a new connection"]
)


@connections
async def test_at_every_byte_of_a_batch_what_was_told_is_what_happened(
    site: Site, *, new_connection: bool
) -> None:
    size = await size_of(site, PLAIN.values(), new_connection=new_connection)
    # What opens a connection is no write, and need not be cut at every byte.
    positions = range(0, size + 1, 5 if new_connection else 1)
    told = await told_for(site, PLAIN.values(), positions, new_connection=new_connection)

    assert {OutcomeUnknownError, StorageUnavailableError} <= told


@connections
@pytest.mark.parametrize("write", SCRIPTED.values(), ids=SCRIPTED)
async def test_every_verb_tells_what_happened(site: Site, write: Write, *, new_connection: bool) -> None:
    size = await size_of(site, [write], new_connection=new_connection)
    told = await told_for(
        site,
        [write, PLAIN["set_state"]],
        range(0, size + 1, max(1, size // 10)),
        new_connection=new_connection,
    )

    assert {OutcomeUnknownError, StorageUnavailableError} <= told


@connections
async def test_verbs_called_while_the_server_hangs_tell_what_happened(
    lone_server: Site, *, new_connection: bool
) -> None:
    # Two that change the same document would be taken for one another.
    later = [write for name, write in SCRIPTED.items() if name != "update"]
    writes = [PLAIN["set_state"]] * len(later) + later
    told = await told_for(lone_server, writes, range(0, 600, 25), new_connection=new_connection)

    assert {OutcomeUnknownError, StorageUnavailableError} <= told


async def test_a_lock_that_was_not_taken_is_not_taken_later(lone_server: Site) -> None:
    async def told_at(case: Case) -> type:
        case.proxy.requests.hold(after=case.position)
        with pytest.raises(StorageUnavailableError) as caught:
            async with case.storage.lock("door"):
                pass
        case.proxy.requests.heal()
        await asyncio.sleep(TIMEOUT * 1.5)
        if type(caught.value) is StorageUnavailableError:
            async with case.observer.lock("door"):
                pass
        return type(caught.value)

    async with opened(lone_server, lone_server.server.port) as observer, AsyncExitStack() as stack:
        cases = [
            await opened_case(stack, lone_server, position, observer, new_connection=False)
            for position in range(0, 600, 12)
        ]
        told = await all_of(told_at(case) for case in cases)

    assert StorageUnavailableError in told


async def test_a_server_that_is_stopped_and_goes_on_does_not_carry_out_what_was_called_unwritten(
    start_redis: Callable[..., RedisServer],
) -> None:
    server = start_redis()
    writes = [*PLAIN.values(), *SCRIPTED.values()]
    site = Site(server, lambda port: aioredis.Redis(port=port))
    async with impatient(site, server.port) as storage, opened(site, server.port) as observer:
        await prepare(storage)
        server.pause()
        calls = []
        for write in writes:
            calls.append(asyncio.ensure_future(write.call(storage)))
            await asyncio.sleep(TIMEOUT / len(writes))
        told = await asyncio.gather(*calls, return_exceptions=True)
        server.resume()
        await asyncio.sleep(TIMEOUT * 1.5)
        for write, outcome in zip(writes, told, strict=True):
            if write not in (
                SCRIPTED["compare_and_set"],
                SCRIPTED["update"],
            ):  # they change the same document
                await check(write, outcome, observer)

    assert {OutcomeUnknownError, StorageUnavailableError} <= set(map(type, told))
