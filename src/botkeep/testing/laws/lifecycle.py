"""Law 13: opened by the first use, closed by stop, opened again by start."""

from __future__ import annotations

import asyncio
import gc
import warnings
from typing import Any

import pytest

from botkeep.abc import BaseStorage
from botkeep.errors import EventLoopError, StorageClosedError
from botkeep.testing.hooks import StorageUnderTest
from botkeep.testing.samples import PASTA, PIZZA
from botkeep.testing.verbs import VERBS, Call


class LifecycleLaws(StorageUnderTest):
    """Law 13. The first use opens, stop closes, start opens again; one event loop at a time."""

    @pytest.mark.parametrize("call", VERBS.values(), ids=VERBS)
    async def test_the_first_use_opens(self, call: Call) -> None:
        storage = self.create()
        await call(storage, "count")

        assert await storage.health()
        await storage.stop()

    async def test_health_opens(self) -> None:
        storage = self.create()

        assert await storage.health() is True
        await storage.stop()

    async def test_first_uses_at_once_open_once(self) -> None:
        storage = self.create()
        totals = await asyncio.gather(*(storage.increment("count") for _ in range(20)))

        assert sorted(totals) == list(range(1, 21))
        await storage.stop()

    async def test_starting_and_stopping_twice_is_fine(self) -> None:
        storage = self.create()
        await storage.start()
        await storage.start()
        await storage.set_state("order", PIZZA)
        await storage.stop()
        await storage.stop()

        assert await storage.health() is False

    async def test_stopping_what_was_never_started_is_fine(self) -> None:
        storage = self.create()

        await storage.stop()

        with pytest.raises(StorageClosedError):
            await storage.get_state("order")

    @pytest.mark.parametrize("call", VERBS.values(), ids=VERBS)
    async def test_every_verb_of_a_stopped_storage_says_so(self, call: Call) -> None:
        storage = self.create()
        await storage.start()
        await storage.stop()

        with pytest.raises(StorageClosedError, match=r"start\(\)") as caught:
            await call(storage, "order")

        assert caught.value.storage == repr(storage)

    async def test_start_opens_again_and_the_documents_are_there(self) -> None:
        storage = self.create()
        await storage.set_state("order", PIZZA)
        await storage.stop()
        await storage.start()

        assert await storage.get_state("order") == PIZZA
        await storage.stop()

    async def test_async_with_opens_and_closes(self) -> None:
        async with self.create() as storage:
            await storage.set_state("order", PIZZA)

        assert not await storage.health()

    async def test_stop_lets_calls_under_way_end(self) -> None:
        storage = self.create()
        await storage.start()
        calls = [asyncio.ensure_future(storage.set_state(f"order {n}", PIZZA)) for n in range(20)]
        await asyncio.sleep(0)
        await storage.stop()
        await asyncio.gather(*calls)
        await storage.start()

        assert len(await storage.list_keys()) == 20
        await storage.stop()

    async def test_starts_and_stops_at_once_end_as_the_last_one_says(self) -> None:
        storage = self.create()
        await asyncio.gather(*(change() for _ in range(5) for change in (storage.start, storage.stop)))
        await storage.start()

        assert await storage.health()
        await storage.stop()

    async def test_a_stopped_storage_leaves_no_task_behind(self) -> None:
        before = asyncio.all_tasks()
        async with self.create() as storage:
            await asyncio.gather(*(storage.increment("count") for _ in range(20)))

        assert asyncio.all_tasks() == before

    async def test_forgetting_to_stop_warns(self) -> None:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            name = await self._use_and_forget()
            gc.collect()

        ours = [warning for warning in caught if name in str(warning.message)]
        assert [warning.category for warning in ours] == [ResourceWarning]

    async def _use_and_forget(self) -> str:
        storage = self.create()
        await storage.set_state("order", PIZZA)
        return repr(storage)

    async def test_a_second_event_loop_is_refused_while_the_first_has_the_storage(
        self, storage: BaseStorage
    ) -> None:
        await storage.set_state("order", PIZZA)

        async def elsewhere() -> None:
            with pytest.raises(EventLoopError, match="event loop"):
                await storage.get_state("order")
            with pytest.raises(EventLoopError, match="event loop"):
                await storage.stop()
            assert not await storage.health()

        await asyncio.to_thread(asyncio.run, elsewhere())

        assert await storage.get_state("order") == PIZZA

    async def test_an_event_loop_that_stopped_the_storage_hands_it_on(self) -> None:
        storage = self.create()

        async def elsewhere() -> None:
            await storage.set_state("order", PIZZA)
            await storage.stop()

        await asyncio.to_thread(asyncio.run, elsewhere())
        await storage.start()

        assert await storage.get_state("order") == PIZZA
        await storage.stop()

    async def test_an_event_loop_that_was_closed_hands_the_storage_on(self) -> None:
        storage = self.create()

        async def elsewhere() -> Any:
            await storage.set_state("order", PIZZA)

        await asyncio.to_thread(asyncio.run, elsewhere())

        assert await storage.get_state("order") == PIZZA
        await storage.set_state("order", PASTA)
        assert await storage.get_state("order") == PASTA
        await storage.stop()
