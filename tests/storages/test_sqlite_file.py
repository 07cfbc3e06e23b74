"""The file of SQLiteStorage: how it is laid out, how it is opened, and what is refused."""

# nobody else is in the event loop of a test

from __future__ import annotations

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from botkeep import SQLiteStorage, StorageFormatError, StorageUnavailableError
from botkeep.testing import FakeClock
from botkeep.testing.samples import PIZZA


async def ask(storage: SQLiteStorage, question: str) -> Any:
    """The answer of the storage's own connection to a PRAGMA."""
    return (await storage._open_connection().run(lambda database: database.execute(question).fetchone()))[0]


def look(path: Path, question: str) -> list[Any]:
    """What anybody sees who opens the file with SQLite."""
    with closing(sqlite3.connect(path)) as database:
        return database.execute(question).fetchall()


@pytest.mark.parametrize(("durability", "synchronous"), [("full", 2), ("normal", 1)])
async def test_the_file_is_in_wal_mode_and_as_durable_as_was_asked(
    path: Path, durability: Any, synchronous: int
) -> None:
    async with SQLiteStorage(path, durability=durability) as storage:
        assert await ask(storage, "PRAGMA journal_mode") == b"wal"
        assert await ask(storage, "PRAGMA synchronous") == synchronous
        assert look(path, "PRAGMA journal_mode") == [("wal",)]


async def test_full_durability_is_the_default(path: Path) -> None:
    async with SQLiteStorage(path) as storage:
        assert await ask(storage, "PRAGMA synchronous") == 2


async def test_an_operator_sees_readable_rows(path: Path) -> None:
    async with SQLiteStorage(path, clock=FakeClock(1_800_000_000.0)) as storage:
        await storage.set_state("order:5", {"name": "Order:size", "data": {"größe": 1.0}})
        await storage.increment("visits", 3, ttl=60)
        await storage.namespace("plugins").namespace("a/b").set_state("on", True)

        assert look(
            path, "SELECT namespace, identifier, value, expires_at FROM documents ORDER BY identifier"
        ) == [
            ("plugins/a%2Fb", "on", "true", None),
            ("", "order:5", '{"name":"Order:size","data":{"größe":1.0}}', None),
            ("", "visits", "3", 1_800_000_060.0),
        ]


async def test_the_layout_is_pinned(path: Path) -> None:
    async with SQLiteStorage(path):
        pass

    assert look(path, "PRAGMA user_version") == [(2,)]
    assert look(path, "PRAGMA application_id") == [(int.from_bytes(b"Hold", "big"),)]
    columns = [column[1:4] for column in look(path, "PRAGMA table_info(documents)")]
    assert columns == [
        ("namespace", "TEXT", 1),
        ("identifier", "TEXT", 1),
        ("value", "TEXT", 1),
        ("expires_at", "REAL", 0),
        ("checksum", "INTEGER", 1),
    ]
    (table,) = look(path, "SELECT sql FROM sqlite_master WHERE name = 'documents'")
    assert table[0].rstrip().endswith("STRICT")


async def test_missing_folders_are_created(tmp_path: Path) -> None:
    async with SQLiteStorage(tmp_path / "data" / "bots" / "bot.db") as storage:
        await storage.set_state("order", PIZZA)

    assert (tmp_path / "data" / "bots" / "bot.db").exists()


async def test_an_empty_file_is_a_new_database(path: Path) -> None:
    path.touch()
    async with SQLiteStorage(path) as storage:
        await storage.set_state("order", PIZZA)

        assert await storage.get_state("order") == PIZZA


async def _assert_refused_and_left_as_it_is(path: Path, reason: str) -> None:
    before, files = path.read_bytes(), set(path.parent.iterdir())
    storage = SQLiteStorage(path)

    with pytest.raises(StorageFormatError, match=reason) as caught:
        await storage.get_state("order")

    assert str(path) in caught.value.place
    assert path.read_bytes() == before
    assert set(path.parent.iterdir()) == files
    assert not await storage.health()
    await storage.stop()


@pytest.mark.parametrize("content", [b"hello", b"{}" * 4096, b"\x89PNG" + bytes(8192)])
async def test_a_file_that_is_no_database_is_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)

    await _assert_refused_and_left_as_it_is(path, "not a SQLite database")


async def test_a_database_of_another_application_is_refused(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE fsm_state (identifier TEXT PRIMARY KEY)")

    await _assert_refused_and_left_as_it_is(path, "another application")


async def test_a_table_of_the_same_name_does_not_make_a_database_ours(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE documents (id INTEGER, body TEXT)")

    await _assert_refused_and_left_as_it_is(path, "another application")


async def test_a_database_of_a_newer_version_is_refused(path: Path) -> None:
    async with SQLiteStorage(path) as storage:
        await storage.set_state("order", PIZZA)
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 99")

    await _assert_refused_and_left_as_it_is(path, "newer Botkeep.*upgrade")


async def test_a_damaged_database_is_named_so(path: Path) -> None:
    async with SQLiteStorage(path) as storage:
        for number in range(300):
            await storage.set_state(f"order:{number}", PIZZA)
    with path.open("rb+") as file:
        file.seek(4096)
        file.write(b"\xff" * 16_384)

    storage = SQLiteStorage(path)
    with pytest.raises(StorageFormatError, match="damaged"):
        await storage.list_keys()
    await storage.stop()


@pytest.mark.parametrize("place", ["folder", "file/bot.db", "file/deep/bot.db"])
async def test_a_path_that_cannot_be_opened_is_unavailable(tmp_path: Path, place: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("here")
    storage = SQLiteStorage(f"{tmp_path}/{place}")

    with pytest.raises(StorageUnavailableError, match=place):
        await storage.set_state("order", PIZZA)

    assert not await storage.health()
    await storage.stop()


async def test_a_storage_that_could_not_be_opened_opens_once_it_can(path: Path) -> None:
    path.mkdir()
    storage = SQLiteStorage(path)
    with pytest.raises(StorageUnavailableError):
        await storage.set_state("order", PIZZA)
    path.rmdir()

    await storage.set_state("order", PIZZA)

    assert await storage.get_state("order") == PIZZA
    await storage.stop()


@pytest.mark.parametrize("options", [{"durability": "fast"}, {"timeout": 0}, {"timeout": -1}])
def test_an_option_out_of_range_is_refused_at_once(path: Path, options: Any) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        SQLiteStorage(path, **options)


def test_an_empty_path_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="path"):
        SQLiteStorage("")


async def test_a_database_in_memory_is_gone_when_it_is_closed() -> None:
    storage = SQLiteStorage(":memory:")
    async with storage:
        await storage.set_state("order", PIZZA)
        before = await storage.get_state("order")
    async with storage:
        assert before == PIZZA
        assert await storage.get_state("order") is None
    assert not Path(":memory:").exists()


def test_those_who_create_a_database_in_the_same_moment_share_it(tmp_path: Path) -> None:
    def add_one(path: Path, together: Barrier) -> None:
        async def main() -> None:
            async with SQLiteStorage(path) as storage:
                await storage.increment("openings")

        together.wait()
        asyncio.run(main())

    async def openings(path: Path) -> Any:
        async with SQLiteStorage(path) as storage:
            return await storage.get_state("openings")

    counts = []
    with ThreadPoolExecutor(8) as threads:
        for number in range(10):
            path, together = tmp_path / f"{number}.db", Barrier(8)
            list(threads.map(add_one, [path] * 8, [together] * 8))
            counts.append(asyncio.run(openings(path)))

    assert counts == [8] * 10
