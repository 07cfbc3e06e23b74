"""Files that version 0.1 wrote, and files that a later version wrote."""

# nobody else is in the event loop of a test

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from botkeep import CorruptDocumentError, SQLiteStorage, StorageUnavailableError
from botkeep.testing import FakeClock
from botkeep.testing.samples import PIZZA

VERSION_0_1 = """
PRAGMA journal_mode = wal;
CREATE TABLE documents (
    namespace TEXT NOT NULL,
    identifier TEXT NOT NULL,
    value TEXT NOT NULL,
    expires_at REAL,
    PRIMARY KEY (namespace, identifier)
) STRICT;
CREATE INDEX expiries ON documents (expires_at) WHERE expires_at IS NOT NULL;
PRAGMA application_id = 1215261796;
PRAGMA user_version = 1;
INSERT INTO documents VALUES ('', 'order', '{"name":"Order:size","data":{"größe":1.0}}', NULL);
INSERT INTO documents VALUES ('', 'visits', '3', 1800000060.0);
INSERT INTO documents VALUES ('plugins/a%2Fb', 'on', 'true', 1800000060);
"""


@pytest.fixture
def old(path: Path) -> Path:
    with closing(sqlite3.connect(path)) as database:
        database.executescript(VERSION_0_1)
    return path


async def test_a_file_of_version_0_1_is_upgraded_where_it_lies(old: Path) -> None:
    async with SQLiteStorage(old, clock=FakeClock()) as storage:
        assert await storage.get_state("order") == {"name": "Order:size", "data": {"größe": 1.0}}
        assert await storage.get_ttl("visits") == 60
        assert await storage.increment("visits") == 4
        assert await storage.namespace("plugins").namespace("a/b").get_state("on") is True
        await storage.set_state("new", PIZZA)

    with closing(sqlite3.connect(old)) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (2,)
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def test_after_the_upgrade_damage_is_noticed(old: Path) -> None:
    async with SQLiteStorage(old, clock=FakeClock()):
        pass
    with closing(sqlite3.connect(old)) as database, database:
        database.execute("UPDATE documents SET value = '4' WHERE identifier = 'visits'")

    async with SQLiteStorage(old, clock=FakeClock()) as storage:
        with pytest.raises(CorruptDocumentError, match="visits"):
            await storage.get_state("visits")


async def test_a_file_that_a_process_of_version_0_1_has_open_is_not_upgraded(old: Path) -> None:
    with closing(sqlite3.connect(old)) as running:
        running.execute("SELECT * FROM documents").fetchall()
        storage = SQLiteStorage(old, timeout=0.1)
        with pytest.raises(StorageUnavailableError, match="locked"):
            await storage.get_state("order")
        await storage.stop()

        assert running.execute("PRAGMA user_version").fetchone() == (1,)
        assert len(running.execute("PRAGMA table_info(documents)").fetchall()) == 4


async def test_a_process_that_was_killed_left_a_log_which_the_upgrade_brings_in(old: Path) -> None:
    with closing(sqlite3.connect(old, isolation_level=None)) as database:
        database.execute("INSERT INTO documents VALUES ('', 'in the log', '1', NULL)")
        main, log = old.read_bytes(), Path(f"{old}-wal").read_bytes()
    old.write_bytes(main)
    Path(f"{old}-wal").write_bytes(log)

    async with SQLiteStorage(old, clock=FakeClock()) as storage:
        assert await storage.list_keys() == ["in the log", "order", "visits"]
