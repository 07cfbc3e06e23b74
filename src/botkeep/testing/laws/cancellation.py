"""Law 8: a cancelled call has happened wholly or not at all, and leaves nothing behind."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, Final

import pytest

from botkeep.abc import BaseStorage
from botkeep.testing.cancellation import cancelled_at_every_step
from botkeep.testing.hooks import StorageUnderTest
from botkeep.testing.samples import PASTA, PIZZA
from botkeep.testing.verbs import VERBS

OUTCOMES: Final[dict[str, tuple[Any, Any]]] = {
    **dict.fromkeys(VERBS, (PIZZA, PIZZA)),
    **dict.fromkeys(("set_state", "compare_and_set", "update"), (PIZZA, PASTA)),
    **dict.fromkeys(("delete_state", "clear_namespace"), (PIZZA, "absent")),
    "increment": (5, 6),
}
"""What stands there before each verb, and what after it."""


class CancellationLaws(StorageUnderTest):
    """Law 8. A cancelled call has happened wholly or not at all, and the storage stays usable."""

    @pytest.mark.parametrize("verb", VERBS)
    async def test_a_cancelled_verb_has_happened_wholly_or_not_at_all(self, verb: str) -> None:
        tasks = asyncio.all_tasks()
        before, after = OUTCOMES[verb]
        async with self.create() as storage:
            await storage.set_state("order", before)
            async for _ in cancelled_at_every_step(lambda: VERBS[verb](storage, "order")):
                found = await storage.get_state("order", "absent")
                await storage.set_state("order", before)

                assert found in (before, after)
                assert await storage.get_state("order") == before

        assert asyncio.all_tasks() == tasks

    @pytest.mark.parametrize("verb", VERBS)
    async def test_a_cancelled_first_use_leaves_a_storage_that_opens(self, verb: str) -> None:
        tasks = asyncio.all_tasks()
        made: list[BaseStorage] = []

        def use() -> Awaitable[Any]:
            made.append(self.create())
            return VERBS[verb](made[-1], "order" if verb != "increment" else "count")

        async for _ in cancelled_at_every_step(use):
            storage = made.pop()
            await storage.set_state("order", PIZZA)
            assert await storage.get_state("order") == PIZZA
            await storage.stop()

        assert asyncio.all_tasks() == tasks

    async def test_a_cancelled_start_leaves_a_storage_that_starts(self) -> None:
        tasks = asyncio.all_tasks()
        storage = self.create()
        async for _ in cancelled_at_every_step(storage.start):
            await storage.start()
            await storage.set_state("order", PIZZA)
            await storage.stop()

        assert asyncio.all_tasks() == tasks

    async def test_a_cancelled_stop_leaves_a_storage_that_stops_and_starts(self) -> None:
        tasks = asyncio.all_tasks()
        storage = self.create()

        async def use_and_stop() -> None:
            await storage.start()
            await storage.set_state("order", PIZZA)
            await storage.stop()

        async for _ in cancelled_at_every_step(use_and_stop):
            await storage.stop()
            assert not await storage.health()
            await storage.start()
            assert await storage.get_state("order", PIZZA) == PIZZA

        await storage.stop()
        assert asyncio.all_tasks() == tasks

    async def test_a_cancelled_lock_is_free(self, storage: BaseStorage, other: BaseStorage) -> None:
        async def visit(storage: BaseStorage) -> None:
            async with storage.lock("order"):
                await asyncio.sleep(0)

        async for _ in cancelled_at_every_step(lambda: visit(storage)):
            await asyncio.wait_for(visit(other), 10)

    async def test_a_cancelled_update_leaves_the_next_one_its_turn(self, storage: BaseStorage) -> None:
        def add(items: list[int]) -> list[int]:
            return [*items, len(items)]

        async for _ in cancelled_at_every_step(lambda: storage.update("order", add, default=[])):
            before = await storage.get_state("order", [])
            assert await asyncio.wait_for(storage.update("order", add, default=[]), 10) == add(before)

    async def test_of_many_cancelled_calls_none_counts_twice_and_no_answer_is_false(
        self, storage: BaseStorage
    ) -> None:
        answered = total = 0
        for steps in range(20):
            tasks = [asyncio.ensure_future(storage.increment("count")) for _ in range(10)]
            for _ in range(steps):
                await asyncio.sleep(0)
            for task in tasks[::2]:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)

            answered += sum(isinstance(result, int) for result in results)
            total = await storage.increment("count", 0)
            assert max(result for result in results if isinstance(result, int)) <= total

        assert answered <= total <= 200

    async def test_every_call_of_a_batch_may_be_cancelled(self, storage: BaseStorage) -> None:
        for steps in range(12):
            tasks = [asyncio.ensure_future(storage.set_state(f"{n}", PIZZA)) for n in range(10)]
            for _ in range(steps):
                await asyncio.sleep(0)
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

            await storage.set_state("order", PASTA)
            assert await storage.get_state("order") == PASTA
