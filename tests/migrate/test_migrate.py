"""What `botkeep.migrate` promises, between real storages."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from botkeep import BaseStorage, MemoryStorage, MigrationError, SQLiteStorage
from botkeep.migrate import migrate


@pytest.fixture
async def source(tmp_path: Path) -> AsyncIterator[BaseStorage]:
    async with SQLiteStorage(tmp_path / "source.db", durability="normal") as storage:
        yield storage


@pytest.fixture
async def target() -> AsyncIterator[BaseStorage]:
    async with MemoryStorage() as storage:
        yield storage


async def test_documents_counters_and_the_time_left_arrive(source: BaseStorage, target: BaseStorage) -> None:
    await source.set_state("order", {"size": "large", "paid": 9.0})
    await source.increment("visits", 3, ttl=60)

    result = await migrate(source, target)

    assert result.copied == 2
    assert await target.get_state("order") == {"size": "large", "paid": 9.0}
    assert await target.get_ttl("order") == math.inf
    assert await target.increment("visits") == 4
    assert 50 < (await target.get_ttl("visits") or 0) <= 60


async def test_namespaces_go_along_and_stay_walls(source: BaseStorage, target: BaseStorage) -> None:
    await source.namespace("plugins").namespace("to/do").set_state("items", [1])
    await source.set_state("items", "root")

    await migrate(source, target)

    assert await target.list_keys() == ["items"]
    assert await target.namespace("plugins").namespace("to/do").get_state("items") == [1]


async def test_locks_stay_behind(source: BaseStorage, target: BaseStorage) -> None:
    async with source.lock("order"):
        result = await migrate(source, target)

    assert result.copied == 0


async def test_a_namespace_can_be_moved_into_another(source: BaseStorage, target: BaseStorage) -> None:
    await source.namespace("old").namespace("inner").set_state("a", 1)
    await source.namespace("other").set_state("b", 2)

    await migrate(source.namespace("old"), target.namespace("new"))

    assert await target.list_namespaces() == ["new"]
    assert await target.namespace("new").namespace("inner").get_state("a") == 1


async def test_only_what_matches_the_pattern_is_copied(source: BaseStorage, target: BaseStorage) -> None:
    for identifier in ("user:1", "user:2", "cache:1"):
        await source.set_state(identifier, identifier)

    await migrate(source, target, "user:?")

    assert await target.list_keys() == ["user:1", "user:2"]


async def test_a_second_run_finds_everything_present(source: BaseStorage, target: BaseStorage) -> None:
    await source.set_state("a", {"x": 1, "y": 2})
    await target.set_state("a", {"y": 2.0, "x": 1})

    result = await migrate(source, target)

    assert (result.copied, result.present) == (0, 1)


async def test_other_documents_are_left_and_named_and_the_rest_is_copied(
    source: BaseStorage, target: BaseStorage
) -> None:
    for identifier in ("a", "b"):
        await source.namespace("n").set_state(identifier, "new")
    await target.namespace("n").set_state("a", "precious")

    with pytest.raises(MigrationError, match="n/a") as caught:
        await migrate(source, target)

    assert caught.value.keys == ["n/a"]
    assert await target.namespace("n").get_state("a") == "precious"
    assert await target.namespace("n").get_state("b") == "new"


async def test_overwrite_replaces_them(source: BaseStorage, target: BaseStorage) -> None:
    await source.set_state("a", "new")
    await target.set_state("a", "old", ttl=5)

    result = await migrate(source, target, overwrite=True)

    assert result.copied == 1
    assert await target.get_state("a") == "new"
    assert await target.get_ttl("a") == math.inf


async def test_progress_is_told_up_to_the_total(source: BaseStorage, target: BaseStorage) -> None:
    for number in range(2500):
        await target.set_state(f"k{number}", number)
    seen: list[tuple[int, int]] = []

    await migrate(target, source, on_progress=lambda done, total: seen.append((done, total)))

    assert seen[-1] == (2500, 2500)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


async def test_a_target_that_does_not_give_back_what_was_written_is_caught(source: BaseStorage) -> None:
    class Forgetful(MemoryStorage):
        async def _get(self, namespace: str, identifier: str) -> bytes | None:
            await super()._get(namespace, identifier)
            return b'"something else"'

    await source.set_state("a", 1)
    async with Forgetful() as target:
        with pytest.raises(MigrationError, match="reads differently"):
            await migrate(source, target)


async def test_a_damaged_document_in_the_target_is_another_document(tmp_path: Path) -> None:
    async with MemoryStorage() as source, SQLiteStorage(tmp_path / "damaged.db") as damaged:
        await source.set_state("a", "new")
        await damaged.set_state("a", "old")
        with closing(sqlite3.connect(tmp_path / "damaged.db")) as database, database:
            database.execute("UPDATE documents SET value = '{broken'")

        with pytest.raises(MigrationError, match=r"other documents under 1 of the keys \(a\)"):
            await migrate(source, damaged)
        assert (await migrate(source, damaged, overwrite=True)).copied == 1
        assert await damaged.get_state("a") == "new"
