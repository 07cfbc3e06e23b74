"""Damaged bytes in a SQLite file: an error that names the document, never another value."""

# nobody else is in the event loop of a test

from __future__ import annotations

import math
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from botkeep import CorruptDocumentError, SQLiteStorage, StorageError, StorageFormatError
from botkeep.storages.sqlite import schema
from botkeep.testing import FakeClock
from botkeep.testing.samples import PASTA, PIZZA

DOCUMENTS = {"cart:7": {"pizza": "Margherita", "size": 30}, "hits": 12, "ü": "é😀"}
TTL = {"hits": 600.0}


def edit(path: Path, statement: str) -> None:
    """Change the file with another SQLite tool."""
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(statement)


async def fill(path: Path) -> bytes:
    """Store the documents and return the bytes of the closed file."""
    async with SQLiteStorage(path, clock=FakeClock()) as storage:
        for identifier, document in DOCUMENTS.items():
            await storage.set_state(identifier, document, ttl=TTL.get(identifier))
        await storage.namespace("weather").set_state("Oslo", 4.5)
    return path.read_bytes()


async def what_is_wrong(path: Path) -> list[Any]:
    """Read everything; return what is neither right nor an error of ours."""
    storage = SQLiteStorage(path, clock=FakeClock())
    wrong: list[Any] = []
    try:
        listed = await storage.list_keys()
        wrong += sorted(set(listed) ^ set(DOCUMENTS))
        if await storage.list_namespaces() != ["weather"]:
            wrong.append("namespaces")
        for identifier in DOCUMENTS:
            wrong += await _what_is_wrong_with(storage, identifier)
        if await storage.namespace("weather").get_state("Oslo") != 4.5:
            wrong.append("Oslo")
    except StorageError:
        pass  # the whole file is refused
    except CorruptDocumentError as exc:
        if exc.identifier not in {*DOCUMENTS, "Oslo"} and "\\x" not in exc.identifier:
            wrong.append(exc)
    finally:
        await storage.stop()
    return wrong


async def _what_is_wrong_with(storage: SQLiteStorage, identifier: str) -> list[Any]:
    try:
        document, ttl = await storage.get_state(identifier), await storage.get_ttl(identifier)
    except CorruptDocumentError as exc:
        return [] if exc.identifier == identifier and await storage.exists(identifier) else [exc]
    expected = (DOCUMENTS[identifier], TTL.get(identifier, math.inf))
    return [] if (document, ttl) == expected else [(identifier, document, ttl)]


async def test_no_damaged_byte_makes_a_wrong_value_a_lost_document_or_an_invented_one(path: Path) -> None:
    content = await fill(path)
    (path.parent / "bot.db.lock").unlink()
    wrong = {}
    for place, byte in enumerate(content):
        if byte == 0:
            continue
        damaged = bytearray(content)
        damaged[place] ^= 1 << (place % 8)
        path.write_bytes(damaged)
        if found := await what_is_wrong(path):
            wrong[place] = found

    assert wrong == {}


async def test_a_large_file_is_not_looked_through_and_yet_no_value_is_wrong(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "CHECKED_BYTES", 0)
    await fill(path)
    edit(path, "UPDATE documents SET value = '13' WHERE identifier = 'hits'")
    async with SQLiteStorage(path, clock=FakeClock()) as storage:
        with pytest.raises(CorruptDocumentError, match=r"'hits'.*checksum.*restore a backup"):
            await storage.get_state("hits")

        assert await storage.get_state("ü") == DOCUMENTS["ü"]


@pytest.mark.parametrize("expires_at", ["1.0", "NULL", "'soon'"])
async def test_a_damaged_expiry_makes_no_document_absent_or_immortal(path: Path, expires_at: str) -> None:
    await fill(path)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("PRAGMA writable_schema = ON")
        database.execute("UPDATE sqlite_master SET sql = replace(sql, 'STRICT', '') WHERE name = 'documents'")
    edit(path, f"UPDATE documents SET expires_at = {expires_at} WHERE identifier = 'hits'")  # noqa: S608
    async with SQLiteStorage(path, clock=FakeClock()) as storage:
        await storage.set_state("another", 1)  # sweeps what has expired
        for reading in (storage.get_state("hits"), storage.get_ttl("hits"), storage.increment("hits")):
            with pytest.raises(CorruptDocumentError, match="'hits'"):
                await reading

        assert await storage.exists("hits")
        assert "hits" in await storage.list_keys()
        assert await storage.delete_state("hits")
        assert not await storage.exists("hits")


async def test_a_verb_that_has_to_read_leaves_a_damaged_document_as_it_is(path: Path) -> None:
    await fill(path)
    edit(path, "UPDATE documents SET value = '13' WHERE identifier = 'hits'")
    async with SQLiteStorage(path, clock=FakeClock()) as storage:
        for writing in (
            storage.increment("hits"),
            storage.touch("hits", ttl=5),
            storage.compare_and_set("hits", 1, expected=13),
            storage.compare_and_set("hits", 1, expected=None),
            storage.update("hits", lambda _: PIZZA),
        ):
            with pytest.raises(CorruptDocumentError, match="'hits'"):
                await writing
        await storage.set_state("hits", PASTA)

        assert await storage.get_state("hits") == PASTA


async def test_a_row_that_is_edited_on_purpose_counts(path: Path) -> None:
    await fill(path)
    edit(path, "UPDATE documents SET value = '13', checksum = -1 WHERE identifier = 'hits'")
    async with SQLiteStorage(path, clock=FakeClock()) as storage:
        assert await storage.get_state("hits") == 13
        assert await storage.increment("hits") == 14

    with closing(sqlite3.connect(path)) as database:
        (checksum,) = database.execute("SELECT checksum FROM documents WHERE identifier = 'hits'").fetchone()
    assert checksum >= 0


async def test_damaged_documents_are_logged_when_the_file_is_opened(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await fill(path)
    edit(path, "UPDATE documents SET value = '13' WHERE identifier = 'hits'")
    async with SQLiteStorage(path):
        pass

    assert "the document 'hits' (namespace '') is damaged" in caplog.text


async def test_identifiers_that_are_no_text_are_an_error_behind_the_others_and_can_be_set_aside(
    path: Path,
) -> None:
    await fill(path)
    edit(path, "UPDATE documents SET identifier = CAST(x'686974ff73' AS TEXT) WHERE identifier = 'hits'")
    async with SQLiteStorage(path, clock=FakeClock()) as storage:
        listed = []
        with pytest.raises(  # noqa: PT012 # what comes before the error counts
            CorruptDocumentError, match=r"hit\\\\xffs.*all others.*repair\(\)"
        ) as caught:
            async for identifier in storage.scan():
                listed.append(identifier)  # noqa: PERF401 # what came before the error counts
        repaired = await storage.repair()

        assert listed == ["cart:7", "ü"]
        assert caught.value.identifier == "hit\\xffs"
        assert repaired == ["hit\\xffs"]
        assert await storage.list_keys() == ["cart:7", "ü"]
        assert await storage.repair() == []
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT value FROM damaged_documents").fetchall() == [("12",)]


async def test_a_damaged_name_of_a_namespace_is_an_error_of_ours(path: Path) -> None:
    await fill(path)
    edit(path, "UPDATE documents SET namespace = CAST(x'ff' AS TEXT) WHERE namespace = 'weather'")
    async with SQLiteStorage(path, clock=FakeClock()) as storage:
        with pytest.raises(CorruptDocumentError, match="xff"):
            await storage.list_namespaces()
        await storage.repair()

        assert await storage.list_namespaces() == []


async def test_an_index_that_does_not_match_its_table_is_refused(path: Path) -> None:
    content = await fill(path)
    first, second = (found for found in _places(content, b"cart:7"))
    for place in (first, second):
        path.write_bytes(content[:place] + b"d" + content[place + 1 :])
        storage = SQLiteStorage(path)
        with pytest.raises(StorageFormatError, match=r"damaged.*restore a backup"):
            await storage.get_state("cart:7")
        await storage.stop()


def _places(content: bytes, word: bytes) -> list[int]:
    return [place for place in range(len(content)) if content.startswith(word, place)]


async def test_a_copy_of_the_file_keeps_its_checksums(path: Path, tmp_path: Path) -> None:
    await fill(path)
    shutil.copy(path, tmp_path / "copy.db")

    assert await what_is_wrong(tmp_path / "copy.db") == []
