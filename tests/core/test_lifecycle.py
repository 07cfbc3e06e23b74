"""The life of a storage whose engine is slow, fails or hangs."""

from __future__ import annotations

import asyncio
import threading

import pytest

from botkeep import EventLoopError, MemoryStorage, StorageClosedError, StorageUnavailableError, abc
from botkeep.testing.samples import PIZZA


class Engine(MemoryStorage):
    """Counts what it is asked, and opens, closes and answers when it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.opened = self.closed = 0
        self.failures: list[Exception] = []
        self.may_open = asyncio.Event()
        self.may_open.set()
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def _open(self) -> None:
        self.opened += 1
        await self.may_open.wait()
        if self.failures:
            raise self.failures.pop()

    async def _close(self) -> None:
        self.closed += 1
        if self.failures:
            raise self.failures.pop()

    async def _ping(self) -> None:
        await self.may_answer.wait()


async def test_first_uses_at_once_open_once() -> None:
    storage = Engine()
    await asyncio.gather(*(storage.increment("count") for _ in range(10)), storage.start())
    await storage.stop()

    assert (storage.opened, storage.closed) == (1, 1)


async def test_an_opening_that_fails_fails_all_who_wait_for_it_and_is_tried_again() -> None:
    storage = Engine()
    storage.failures = [StorageUnavailableError("the engine", "gone")]

    results = await asyncio.gather(*(storage.increment("count") for _ in range(5)), return_exceptions=True)

    assert {type(result) for result in results} == {StorageUnavailableError}
    assert await storage.increment("count") == 1
    await storage.stop()


async def test_a_caller_that_gives_up_leaves_the_opening_to_the_others() -> None:
    storage = Engine()
    storage.may_open.clear()
    first, second = (asyncio.ensure_future(storage.increment("count")) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait([first])
    storage.may_open.set()

    assert await second == 1
    assert storage.opened == 1
    await storage.stop()


async def test_a_stop_during_an_opening_waits_for_it_and_closes() -> None:
    storage = Engine()
    storage.may_open.clear()
    using = asyncio.ensure_future(storage.increment("count"))
    await asyncio.sleep(0)
    stopping = asyncio.ensure_future(storage.stop())
    await asyncio.sleep(0)
    storage.may_open.set()
    await stopping

    assert (storage.opened, storage.closed) == (1, 1)
    with pytest.raises(StorageClosedError):
        await storage.get_state("order")
    await asyncio.gather(using, return_exceptions=True)


async def test_a_stop_outlives_an_opening_that_fails() -> None:
    storage = Engine()
    storage.may_open.clear()
    storage.failures = [StorageUnavailableError("the engine", "gone")]
    using = asyncio.ensure_future(storage.increment("count"))
    await asyncio.sleep(0)
    stopping = asyncio.ensure_future(storage.stop())
    await asyncio.sleep(0)
    storage.may_open.set()
    await stopping

    with pytest.raises(StorageUnavailableError):
        await using


async def test_a_closing_that_fails_is_told_once_and_the_storage_is_closed() -> None:
    storage = Engine()
    await storage.start()
    storage.failures = [OSError("no")]

    with pytest.raises(OSError, match="no"):
        await storage.stop()

    await storage.stop()
    assert not await storage.health()


async def test_an_event_loop_that_comes_while_another_opens_is_refused() -> None:
    storage = Engine()
    storage.may_open.clear()
    opening = asyncio.ensure_future(storage.start())
    await asyncio.sleep(0)
    caught: list[BaseException] = []

    def elsewhere() -> None:
        try:
            asyncio.run(asyncio.wait_for(storage.get_state("order"), 5))
        except BaseException as error:  # noqa: BLE001 # shown to the test
            caught.append(error)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    await asyncio.to_thread(thread.join)
    storage.may_open.set()
    await opening

    assert [type(error) for error in caught] == [EventLoopError]
    assert storage.opened == 1
    await storage.stop()


async def test_health_is_bounded_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(abc, "HEALTH_SECONDS", 0.05)
    async with Engine() as storage:
        storage.may_answer.clear()

        assert await storage.health() is False
        storage.may_answer.set()
        assert await storage.health() is True


async def test_health_is_bounded_while_the_engine_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(abc, "HEALTH_SECONDS", 0.05)
    storage = Engine()
    storage.may_open.clear()
    ill = await storage.health()
    storage.may_open.set()

    assert ill is False
    await storage.set_state("order", PIZZA)
    assert await storage.health() is True
    await storage.stop()


async def test_health_of_an_engine_that_cannot_be_opened_is_an_answer() -> None:
    storage = Engine()
    storage.failures = [StorageUnavailableError("the engine", "gone")]

    assert await storage.health() is False
    await storage.stop()
