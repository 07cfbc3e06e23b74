from __future__ import annotations

import asyncio
import gc
from pathlib import Path
from typing import Any

import pytest

from botkeep import MemoryStorage, SQLiteStorage
from botkeep.abc import BaseStorage
from botkeep.errors import DeadlockError, LeaseLostError
from botkeep.fsm import Ordering, StateKey


@pytest.fixture(params=["in one process", "in a storage"])
def ordering(request: pytest.FixtureRequest, storage: BaseStorage) -> Ordering:
    return Ordering(storage) if request.param == "in a storage" else Ordering()


async def in_turn(ordering: Ordering, key: StateKey | str, log: list[Any], entry: Any) -> None:
    async with ordering.of(key):
        log.append(("begin", entry))
        await asyncio.sleep(0)
        log.append(("end", entry))


async def test_turns_on_one_key_come_one_after_another_in_the_order_of_arrival(ordering: Ordering) -> None:
    log: list[Any] = []

    await asyncio.gather(*(in_turn(ordering, "user:7", log, number) for number in range(20)))

    assert log == [(what, number) for number in range(20) for what in ("begin", "end")]


async def test_a_thousand_waiters_run_in_the_order_of_arrival() -> None:
    ordering, log = Ordering(), list[Any]()

    await asyncio.gather(*(in_turn(ordering, "user:7", log, number) for number in range(1000)))

    assert [entry for what, entry in log if what == "begin"] == list(range(1000))


async def test_turns_on_different_keys_do_not_wait_for_each_other(ordering: Ordering) -> None:
    async with ordering.of("user:7"), ordering.of("user:8"), ordering.of(StateKey(42, 7, 7)):
        pass


async def test_a_key_and_its_identifier_are_the_same(ordering: Ordering, key: StateKey) -> None:
    log: list[Any] = []
    async with ordering.of(key):
        waiting = asyncio.ensure_future(in_turn(ordering, str(key), log, 1))
        await asyncio.sleep(0.05)
        assert log == []

    await waiting
    assert log == [("begin", 1), ("end", 1)]


async def test_a_turn_that_fails_passes_the_turn_on(ordering: Ordering) -> None:
    with pytest.raises(RuntimeError, match="broken"):
        async with ordering.of("user:7"):
            raise RuntimeError("broken")

    await asyncio.wait_for(in_turn(ordering, "user:7", [], 1), 5)


async def test_a_cancelled_waiter_passes_the_turn_on(ordering: Ordering) -> None:
    log: list[Any] = []
    async with ordering.of("user:7"):
        waiters = [asyncio.ensure_future(in_turn(ordering, "user:7", log, number)) for number in range(3)]
        await asyncio.sleep(0.05)
        waiters[0].cancel()
        waiters[1].cancel()
        await asyncio.wait(waiters[:2])

    await asyncio.wait_for(waiters[2], 5)
    assert log == [("begin", 2), ("end", 2)]


async def test_a_cancelled_turn_passes_the_turn_on(ordering: Ordering) -> None:
    async def never_ending() -> None:
        async with ordering.of("user:7"):
            await asyncio.Event().wait()

    task = asyncio.ensure_future(never_ending())
    await asyncio.sleep(0.05)
    task.cancel()
    await asyncio.wait([task])

    await asyncio.wait_for(in_turn(ordering, "user:7", [], 1), 5)


async def test_a_task_that_asks_for_its_own_turn_gets_an_error_instead_of_waiting(ordering: Ordering) -> None:
    async with ordering.of("user:7"):
        with pytest.raises(DeadlockError, match="would wait for itself") as raised:
            async with ordering.of("user:7"):
                pass

    assert raised.value.identifier == "user:7"
    async with ordering.of("user:7"):
        pass


async def test_two_orderings_of_one_storage_are_one(storage: BaseStorage) -> None:
    async with Ordering(storage).of("user:7"):
        with pytest.raises(DeadlockError):
            async with Ordering(storage).of("user:7"):
                pass


async def test_a_task_started_in_a_turn_may_wait_for_the_next_one(ordering: Ordering) -> None:
    log: list[Any] = []
    async with ordering.of("user:7"):
        later = asyncio.ensure_future(in_turn(ordering, "user:7", log, "later"))
        await asyncio.sleep(0.05)

    await asyncio.wait_for(later, 5)
    assert log == [("begin", "later"), ("end", "later")]


async def test_ten_thousand_keys_used_once_leave_nothing_behind() -> None:
    ordering = Ordering()
    async with ordering.of("warm"):
        pass
    gc.collect()
    before = len(gc.get_objects())

    for number in range(10_000):
        async with ordering.of(f"user:{number}"):
            pass

    gc.collect()
    assert len(gc.get_objects()) - before < 100
    assert len(ordering._mutexes) == 0


async def test_keys_used_in_a_storage_leave_nothing_in_memory_and_no_record_for_long() -> None:
    async with MemoryStorage() as storage:
        ordering = Ordering(storage)
        for number in range(100):
            async with ordering.of(f"user:{number}"):
                pass

        assert len(storage._mutexes) == 0
        assert await storage.namespace("fsm").list_keys() == []
        locks = storage._view("fsm//locks")
        assert all([(await locks.get_ttl(key) or 0) <= 60 for key in await locks.list_keys()])


async def test_a_turn_is_checked_and_over_with_the_block(ordering: Ordering) -> None:
    async with ordering.of("user:7") as hold:
        assert (hold.identifier, hold.lost) == ("user:7", False)
        await hold.check()

    assert (hold.identifier, hold.lost) == ("user:7", True)
    with pytest.raises(LeaseLostError):
        await hold.check()


async def test_fences_grow_across_processes(tmp_path: Path) -> None:
    fences = []
    async with SQLiteStorage(tmp_path / "a.db") as one, SQLiteStorage(tmp_path / "a.db") as other:
        for storage in (one, other, one, other):
            async with Ordering(storage).of("user:7") as hold:
                fences.append(hold.fence)

    assert fences == sorted(set(fences))
    assert fences[0] > 0


async def test_turns_of_two_processes_do_not_overlap(tmp_path: Path) -> None:
    log: list[Any] = []
    async with SQLiteStorage(tmp_path / "a.db") as one, SQLiteStorage(tmp_path / "a.db") as other:
        orderings = Ordering(one), Ordering(other)
        await asyncio.gather(*(in_turn(orderings[n % 2], "user:7", log, n) for n in range(10)))

    assert [what for what, _ in log] == ["begin", "end"] * 10
    assert all(log[at][1] == log[at + 1][1] for at in range(0, 20, 2))


@pytest.mark.parametrize("key", [7, None, ("user", 7)])
def test_a_key_that_is_none_is_refused(ordering: Ordering, key: Any) -> None:
    with pytest.raises(TypeError, match="a key must be a StateKey or a str"):
        ordering.of(key)


def test_a_ttl_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="ttl must be"):
        Ordering(ttl=0)
