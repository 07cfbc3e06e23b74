"""Many calls, one batch."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from botkeep import OutcomeUnknownError
from botkeep._core.batching import Batcher, run_as_task


class Engine:
    """Takes note of its batches, and can be held up in the middle of a batch.

    A request that is an exception fails for its caller alone; "all fail" takes the whole batch along.
    """

    def __init__(self, limit: int = 512) -> None:
        self.batches: list[list[Any]] = []
        self.open = asyncio.Event()
        self.open.set()
        self.batcher: Batcher[Any] = Batcher(run_as_task(self.execute), name="the engine", limit=limit)

    async def execute(self, batch: Sequence[Any]) -> list[Any]:
        self.batches.append(list(batch))
        await self.open.wait()
        if "all fail" in batch:
            raise ConnectionError("lost")
        return [request if isinstance(request, Exception) else f"did {request}" for request in batch]

    def submit(self, *requests: Any) -> list[asyncio.Future[Any]]:
        """Submit as several tasks do in one moment: while there are others that are ready to run."""
        asyncio.get_running_loop().call_soon(lambda: None)
        return [self.batcher.submit(request) for request in requests]

    async def hold_a_batch_with(self, *requests: Any) -> list[asyncio.Future[Any]]:
        """Submit, and return when the batch was sent."""
        self.open.clear()
        futures = self.submit(*requests)
        await asyncio.sleep(0)
        return futures


async def test_a_call_that_is_alone_goes_at_once() -> None:
    departed: list[Sequence[Any]] = []
    batcher: Batcher[Any] = Batcher(lambda batch, _: departed.append(batch), name="the engine")

    batcher.submit("a")

    assert departed == [["a"]]


async def test_calls_of_the_same_moment_share_a_batch() -> None:
    engine = Engine()

    assert await asyncio.gather(*engine.submit("a", "b", "c")) == ["did a", "did b", "did c"]
    assert engine.batches == [["a", "b", "c"]]


async def test_all_that_queued_during_a_batch_goes_as_one_in_order() -> None:
    engine = Engine()
    first = await engine.hold_a_batch_with("a")
    more = engine.submit("b", "c", "d")
    engine.open.set()
    await asyncio.gather(*first, *more)

    assert engine.batches == [["a"], ["b", "c", "d"]]


async def test_callers_that_take_turns_come_to_share_their_batches() -> None:
    engine = Engine()
    first = await engine.hold_a_batch_with("a")

    async def call_twice(future: asyncio.Future[Any], then: str) -> None:
        await future
        await engine.batcher.submit(then)

    callers = asyncio.gather(call_twice(first[0], "c"), call_twice(engine.submit("b")[0], "d"))
    engine.open.set()
    await callers

    assert engine.batches == [["a"], ["b", "c"], ["d"]]


async def test_a_batch_holds_no_more_than_the_limit() -> None:
    engine = Engine(limit=2)

    await asyncio.gather(*engine.submit("a", "b", "c", "d", "e"))

    assert engine.batches == [["a", "b"], ["c", "d"], ["e"]]


async def test_a_call_that_fails_fails_alone() -> None:
    engine = Engine()

    first, failed, last = engine.submit("a", LookupError("b"), "c")

    with pytest.raises(LookupError):
        await failed
    assert (await first, await last) == ("did a", "did c")


async def test_what_a_batch_raises_reaches_every_call_of_it_and_none_of_the_next() -> None:
    engine = Engine()
    held = await engine.hold_a_batch_with("a", "all fail")
    after = engine.submit("b")
    engine.open.set()

    results = await asyncio.gather(*held, return_exceptions=True)

    assert [type(result) for result in results] == [ConnectionError, ConnectionError]
    assert await after[0] == "did b"


async def test_a_call_that_is_cancelled_while_it_waits_is_not_sent() -> None:
    engine = Engine()
    held = await engine.hold_a_batch_with("a")
    waiting, also_waiting = engine.submit("b", "c")
    waiting.cancel()
    engine.open.set()
    await asyncio.gather(*held, also_waiting)

    assert engine.batches == [["a"], ["c"]]


async def test_no_batch_is_sent_for_cancelled_calls_alone() -> None:
    engine = Engine()
    for future in engine.submit("a", "b"):
        future.cancel()
    await engine.batcher.drain()

    assert engine.batches == []


async def test_a_call_that_is_cancelled_under_way_harms_no_other() -> None:
    engine = Engine()
    cancelled, other = await engine.hold_a_batch_with("a", LookupError("b"))
    cancelled.cancel()
    engine.open.set()

    with pytest.raises(LookupError):
        await other
    assert await engine.batcher.submit("c") == "did c"


async def test_a_pump_that_is_cancelled_under_way_leaves_the_outcome_unknown_and_serves_the_next() -> None:
    engine = Engine()
    tasks = asyncio.all_tasks()
    under_way = await engine.hold_a_batch_with("a")
    waiting = engine.submit("b")
    for pump in asyncio.all_tasks() - tasks:
        pump.cancel()
    engine.open.set()

    with pytest.raises(OutcomeUnknownError, match="the engine"):
        await under_way[0]
    assert await waiting[0] == "did b"


async def test_a_pump_that_is_cancelled_before_it_began_is_begun_anew() -> None:
    engine = Engine()
    tasks = asyncio.all_tasks()
    futures = engine.submit("a")
    for pump in asyncio.all_tasks() - tasks:
        pump.cancel()

    assert await futures[0] == "did a"


async def test_drain_returns_when_all_is_done() -> None:
    engine = Engine(limit=1)
    futures = engine.submit("a", "b", "c")

    await engine.batcher.drain()

    assert [future.result() for future in futures] == ["did a", "did b", "did c"]


async def test_draining_what_is_idle_returns_at_once() -> None:
    await Engine().batcher.drain()


async def test_nothing_is_left_when_nothing_is_to_do() -> None:
    tasks = asyncio.all_tasks()
    engine = Engine()
    await asyncio.gather(*engine.submit("a", "b"))
    await engine.batcher.drain()

    assert asyncio.all_tasks() == tasks


def test_on_an_event_loop_that_does_not_tell_what_is_ready_calls_of_one_moment_share_a_batch() -> None:
    async def main() -> list[list[Any]]:
        engine = Engine()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("botkeep._core.batching.getattr", _without_ready, raising=False)
            first = engine.batcher.submit("a")
            sent_at_once = list(engine.batches)
            await asyncio.gather(first, engine.batcher.submit("b"))
        return [sent_at_once, *engine.batches]

    def _without_ready(_: Any, name: str, default: Any) -> Any:
        assert name == "_ready"
        return default

    assert asyncio.run(main()) == [[], ["a", "b"]]
