"""Law 7: whatever happens at the same time, nothing is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from botkeep.abc import BaseStorage
from botkeep.testing.hooks import StorageUnderTest
from botkeep.testing.samples import PIZZA, numbered

TASKS = 20
ROUNDS = 10


def put(field: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """The change that adds one field."""
    return lambda document: {**document, field: True}


class ConcurrencyLaws(StorageUnderTest):
    """Law 7. N tasks through two storage objects lose nothing."""

    async def test_increments_at_once_give_the_exact_total(
        self, storage: BaseStorage, other: BaseStorage
    ) -> None:
        async def work(storage: BaseStorage) -> list[int]:
            return [await storage.increment("count") for _ in range(ROUNDS)]

        totals = await asyncio.gather(*(work((storage, other)[task % 2]) for task in range(TASKS)))

        seen = sorted(total for row in totals for total in row)
        assert seen == list(range(1, TASKS * ROUNDS + 1))
        assert await storage.increment("count", 0) == TASKS * ROUNDS

    async def test_updates_at_once_keep_every_change(self, storage: BaseStorage, other: BaseStorage) -> None:
        async def work(storage: BaseStorage, task: int) -> None:
            for number in range(ROUNDS):
                await storage.update("order", put(f"{task}.{number}"), default={})

        await asyncio.gather(*(work((storage, other)[task % 2], task) for task in range(TASKS)))

        assert len(await storage.get_state("order")) == TASKS * ROUNDS

    async def test_swaps_in_a_loop_count_exactly(self, storage: BaseStorage, other: BaseStorage) -> None:
        async def work(storage: BaseStorage) -> None:
            while True:
                found = await storage.get_state("order")
                number = found["data"]["number"] + 1 if found else 1
                if await storage.compare_and_set("order", numbered(number), expected=found):
                    return

        await asyncio.gather(*(work((storage, other)[task % 2]) for task in range(TASKS)))

        assert await storage.get_state("order") == numbered(TASKS)

    async def test_of_many_deletions_at_once_one_finds_the_document(
        self, storage: BaseStorage, other: BaseStorage
    ) -> None:
        await storage.set_state("order", PIZZA)

        found = await asyncio.gather(*((storage, other)[n % 2].delete_state("order") for n in range(TASKS)))

        assert found.count(True) == 1

    async def test_a_reader_sees_whole_documents_only(self, storage: BaseStorage, other: BaseStorage) -> None:
        async def write(number: int) -> None:
            await storage.set_state("order", {"name": None, "data": {"n": number, "text": str(number) * 500}})

        async def read() -> Any:
            return await other.get_state("order")

        await write(0)
        calls = [call for number in range(TASKS) for call in (write(number), read())]
        documents = [document for document in await asyncio.gather(*calls) if document is not None]

        assert all(seen["data"]["text"] == str(seen["data"]["n"]) * 500 for seen in documents)

    async def test_the_last_of_one_caller_s_writes_stands(self, storage: BaseStorage) -> None:
        await asyncio.gather(*(storage.set_state("order", numbered(number)) for number in range(TASKS)))

        assert await storage.get_state("order") == numbered(TASKS - 1)

    async def test_documents_written_at_once_are_all_there(
        self, storage: BaseStorage, other: BaseStorage
    ) -> None:
        numbers = range(200)
        await asyncio.gather(*((storage, other)[n % 2].set_state(f"{n:03}", numbered(n)) for n in numbers))

        found = await asyncio.gather(*(other.get_state(f"{n:03}") for n in numbers))

        assert found == [numbered(n) for n in numbers]
        assert await storage.list_keys() == [f"{n:03}" for n in numbers]
