"""A server that is dead, hanging, loading, read-only or full: an error in time; work resumes by itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from redis import asyncio as aioredis
from tests.servers.kinds import on_redis_and_valkey
from tests.servers.redis_server import RedisServer

from botkeep.errors import CorruptDocumentError, OutcomeUnknownError, StorageUnavailableError
from botkeep.storages.redis import RedisStorage
from botkeep.storages.redis.commands import Request

StartRedis = Callable[..., RedisServer]


@pytest.fixture
def server(start_redis: StartRedis) -> RedisServer:
    return start_redis()


@pytest.fixture
async def storage(server: RedisServer) -> AsyncIterator[RedisStorage]:
    """A storage that is open, on a server of its own, with little patience."""
    async with RedisStorage(aioredis.Redis(port=server.port), timeout=0.4) as storage:
        yield storage


async def refused(call: Any, within: float = 3.0) -> StorageUnavailableError:
    """Await a call that fails in time, and return its error."""
    start = time.monotonic()
    with pytest.raises(StorageUnavailableError) as caught:
        await call
    assert time.monotonic() - start < within
    return caught.value


async def is_unhealthy(storage: RedisStorage) -> bool:
    start = time.monotonic()
    healthy = await storage.health()
    assert time.monotonic() - start < 3
    return not healthy


async def resumes(storage: RedisStorage) -> bool:
    """Wait for the storage to work again, by itself."""
    for _ in range(100):
        if await storage.health():
            await storage.set_state("order", "after")
            return bool(await storage.get_state("order") == "after")
    return False


@on_redis_and_valkey
async def test_a_dead_server_is_unavailable_until_it_is_back(
    server: RedisServer, storage: RedisStorage
) -> None:
    server.kill()

    error = await refused(storage.get_state("order"))
    assert "connect" in str(error).lower()
    assert "gave up after 0.4 s" in str(error)
    assert error.storage == repr(storage)
    await refused(asyncio.gather(*(storage.increment(f"count {n}") for n in range(50))))
    assert await is_unhealthy(storage)
    server.start()
    assert await resumes(storage)


async def test_a_hanging_server_is_unavailable_until_it_goes_on(
    server: RedisServer, storage: RedisStorage
) -> None:
    server.pause()

    await refused(storage.get_state("order"))
    await refused(asyncio.gather(*(storage.get_state(f"order {n}") for n in range(1000))))
    assert await is_unhealthy(storage)
    server.resume()
    assert await resumes(storage)


@on_redis_and_valkey
async def test_a_write_to_a_hanging_server_has_an_unknown_outcome(
    server: RedisServer, storage: RedisStorage
) -> None:
    await storage.increment("count", 5)
    server.pause()

    error = await refused(storage.increment("count"))
    assert isinstance(error, OutcomeUnknownError)
    server.resume()
    assert await storage.increment("count", 0) in (5, 6)


async def test_every_call_has_its_whole_time_however_many_hang_before_it(
    server: RedisServer, storage: RedisStorage
) -> None:
    server.pause()
    first = asyncio.ensure_future(storage.get_state("order"))
    await asyncio.sleep(0.3)
    second = asyncio.ensure_future(storage.get_state("order"))
    await asyncio.wait([first])

    assert not second.done()
    server.resume()
    assert await second is None
    assert isinstance(first.exception(), StorageUnavailableError)


@on_redis_and_valkey
async def test_a_loading_server_is_unavailable_until_it_has_loaded(start_redis: StartRedis) -> None:
    # While it loads, Redis answers after every 2 MB; each key takes 40 ms more.
    server = start_redis("--rdbcompression", "no", "--key-load-delay", "40000")
    for number in range(40):
        server.run("SET", f"big {number}", b"x" * 2_100_000)
    server.run("SAVE")
    server.restart()
    async with RedisStorage(aioredis.Redis(port=server.port, protocol=2), timeout=0.5) as impatient:
        error = await refused(impatient.get_state("order"))
        assert "loading" in str(error).lower()
        await refused(impatient.set_state("order", 1))

        assert await resumes(impatient)


async def test_calls_ride_out_a_restart(server: RedisServer) -> None:
    async with RedisStorage(aioredis.Redis(port=server.port)) as storage:
        await storage.set_state("order", "before")
        server.kill()
        calls = [asyncio.ensure_future(storage.increment("count")) for _ in range(20)]
        await asyncio.sleep(0.3)
        await asyncio.to_thread(server.start)

        assert await asyncio.gather(*calls) == list(range(1, 21))


async def test_starting_without_a_server_fails_in_time_and_works_later(server: RedisServer) -> None:
    server.kill()
    storage = RedisStorage(aioredis.Redis(port=server.port), timeout=0.2)

    await refused(storage.start())
    await refused(storage.get_state("order"))
    assert await is_unhealthy(storage)
    server.start()
    assert await resumes(storage)
    await storage.stop()


@on_redis_and_valkey
async def test_a_read_only_server_can_be_read_and_refuses_writes_at_once(
    server: RedisServer, storage: RedisStorage
) -> None:
    await storage.set_state("order", "stored")
    server.run("REPLICAOF", "127.0.0.1", "1")

    error = await refused(storage.set_state("order", "new"))
    assert type(error) is StorageUnavailableError
    assert "read-only" in str(error)
    for write in (storage.increment("count"), storage.delete_state("order"), storage.touch("order", ttl=9)):
        assert "read-only" in str(await refused(write))
    assert await storage.get_state("order") == "stored"
    assert await is_unhealthy(storage)
    server.run("REPLICAOF", "NO", "ONE")
    assert await resumes(storage)


@on_redis_and_valkey
async def test_a_server_whose_memory_is_full_refuses_writes_and_says_why(
    server: RedisServer, storage: RedisStorage
) -> None:
    await storage.set_state("order", "stored")
    server.run("CONFIG", "SET", "maxmemory", "1")

    for write in (
        storage.set_state("order", "new"),
        storage.increment("count"),
        storage.compare_and_set("order", "new", expected="stored"),
    ):
        error = await refused(write)
        assert type(error) is StorageUnavailableError
        assert "maxmemory" in str(error)
    assert await storage.get_state("order") == "stored"
    server.run("CONFIG", "SET", "maxmemory", "0")
    assert await resumes(storage)


@on_redis_and_valkey
async def test_a_server_that_cannot_save_refuses_writes_and_says_why(
    server: RedisServer, storage: RedisStorage
) -> None:
    server.run("CONFIG", "SET", "min-replicas-to-write", "1")

    error = await refused(storage.set_state("order", "new"))
    assert "replicas" in str(error)
    assert await is_unhealthy(storage)


@on_redis_and_valkey
async def test_a_wrong_password_is_an_error_at_once_that_says_so(start_redis: StartRedis) -> None:
    server = start_redis("--requirepass", "right")
    storage = RedisStorage.from_url(f"redis://:wrong@127.0.0.1:{server.port}/0")

    error = await refused(storage.start())
    assert "password" in str(error)
    assert "wrong" not in repr(storage)


@on_redis_and_valkey
async def test_a_connection_that_the_server_no_longer_trusts_is_made_anew(
    start_redis: StartRedis,
) -> None:
    server = start_redis("--requirepass", "secret")
    async with RedisStorage.from_url(f"redis://:secret@127.0.0.1:{server.port}/0") as storage:
        await storage.set_state("order", "stored")
        # What RESET does to one connection, an expired token does to all: they are strangers again.
        call = storage._router.call
        await call(Request((b"RESET",)))

        assert await storage.get_state("order") == "stored"
        await call(Request((b"RESET",)))
        assert await asyncio.gather(*(storage.increment("count") for _ in range(5))) == [1, 2, 3, 4, 5]


@on_redis_and_valkey
async def test_a_missing_right_is_an_error_at_once_that_says_so(server: RedisServer) -> None:
    server.run("ACL", "SETUSER", "bot", "on", ">secret", "~botkeep:*", "+@all", "-unlink", "-info")
    url = f"redis://bot:secret@127.0.0.1:{server.port}/0"
    async with RedisStorage.from_url(url) as storage:
        await storage.set_state("order", "stored")

        assert "right" in str(await refused(storage.delete_state("order")))
        assert await storage.get_state("order") == "stored"


@on_redis_and_valkey
async def test_what_is_not_a_string_is_a_corrupt_document(server: RedisServer, storage: RedisStorage) -> None:
    server.run("HSET", "botkeep::order", "size", "big")
    calls: list[Any] = [
        storage.get_state("order"),
        storage.increment("order"),
        storage.compare_and_set("order", 1, expected=None),
        storage.update("order", lambda order: order),
    ]
    for call in calls:
        with pytest.raises(CorruptDocumentError, match="'order'"):
            await call

    assert server.run("HGET", "botkeep::order", "size") == b"big"


async def test_one_bad_document_is_no_outage(server: RedisServer, storage: RedisStorage) -> None:
    server.run("HSET", "botkeep::bad", "size", "big")
    await storage.set_state("good", "stored")
    outcomes = await asyncio.gather(
        *(storage.get_state(("bad", "good")[n % 2]) for n in range(100)), return_exceptions=True
    )

    assert outcomes[1::2] == ["stored"] * 50
    assert {type(outcome) for outcome in outcomes[::2]} == {CorruptDocumentError}


async def test_something_that_is_not_redis_is_unavailable() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    storage = RedisStorage(aioredis.Redis(port=port), timeout=0.3)

    await refused(storage.get_state("order"))
    server.close()
