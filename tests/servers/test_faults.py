"""The bad network does what it is told, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from typing_extensions import Self

from botkeep.testing.faults import FaultProxy


@pytest.fixture
async def proxy() -> AsyncIterator[FaultProxy]:
    """A proxy in front of a server that sends every line back."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(line)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with FaultProxy("127.0.0.1", server.sockets[0].getsockname()[1]) as proxy:
        yield proxy
    server.close()


class Caller:
    """Somebody who speaks through the proxy."""

    def __init__(self, proxy: FaultProxy) -> None:
        self._proxy = proxy

    async def __aenter__(self) -> Self:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self._proxy.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.close()

    async def ask(self, text: bytes) -> bytes:
        self.writer.write(text)
        return await self.reader.readline()


async def is_silent(caller: Caller) -> bool:
    try:
        await asyncio.wait_for(caller.reader.read(1), 0.05)
    except asyncio.TimeoutError:
        return True
    return False


async def test_all_is_passed_on_and_counted(proxy: FaultProxy) -> None:
    async with Caller(proxy) as caller:
        assert await caller.ask(b"one\n") == b"one\n"
        assert await caller.ask(b"two\n") == b"two\n"

    assert (proxy.requests.passed, proxy.replies.passed) == (8, 8)
    assert (proxy.connections, proxy.round_trips) == (1, 2)


async def test_a_dropped_reply_leaves_a_silent_connection(proxy: FaultProxy) -> None:
    async with Caller(proxy) as caller:
        proxy.replies.drop(after=2)
        caller.writer.write(b"one\n")

        assert await caller.reader.readexactly(2) == b"on"
        assert await is_silent(caller)
        proxy.replies.heal()
        assert await caller.ask(b"two\n") == b"two\n"


async def test_a_cut_reply_ends_the_connection(proxy: FaultProxy) -> None:
    async with Caller(proxy) as caller:
        proxy.replies.cut(after=2)

        assert await caller.ask(b"one\n") == b"on"
        assert caller.reader.at_eof()


async def test_a_cut_request_never_arrives_whole(proxy: FaultProxy) -> None:
    async with Caller(proxy) as caller:
        proxy.requests.cut(after=2)

        assert await caller.ask(b"one\n") == b""
    assert proxy.requests.passed == 2


async def test_what_is_held_comes_later(proxy: FaultProxy) -> None:
    async with Caller(proxy) as caller:
        proxy.requests.hold(after=2)
        caller.writer.write(b"one\n")

        assert await is_silent(caller)
        proxy.requests.heal()
        assert await caller.reader.readline() == b"one\n"


async def test_what_is_delayed_comes_later(proxy: FaultProxy) -> None:
    async with Caller(proxy) as caller:
        proxy.replies.delay(0.1)
        start = asyncio.get_running_loop().time()

        assert await caller.ask(b"one\n") == b"one\n"
        assert asyncio.get_running_loop().time() - start >= 0.1


async def test_a_reset_breaks_connections_and_takes_new_ones(proxy: FaultProxy) -> None:
    async with Caller(proxy) as caller:
        await caller.ask(b"one\n")
        proxy.reset()

        with pytest.raises(ConnectionResetError):
            await caller.reader.read()
    async with Caller(proxy) as caller:
        assert await caller.ask(b"two\n") == b"two\n"


async def test_who_is_refused_cannot_connect_until_accepted_again(proxy: FaultProxy) -> None:
    async with Caller(proxy) as caller:
        await caller.ask(b"one\n")
        proxy.refuse()

        assert await caller.reader.read() == b""
        with pytest.raises(ConnectionRefusedError):
            async with Caller(proxy):
                pass
    await proxy.accept()
    async with Caller(proxy) as caller:
        assert await caller.ask(b"two\n") == b"two\n"
