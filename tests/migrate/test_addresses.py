"""Addresses of storages: what they name, and what a mistyped one was to be."""

from __future__ import annotations

from pathlib import Path

import pytest

from botkeep import FileStorage, MemoryStorage, SQLiteStorage, StorageUnavailableError
from botkeep.storages.addresses import existing_storage_at, public_address, storage_at


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("memory:", "MemoryStorage()"),
        ("sqlite:data/bot.db", "SQLiteStorage('data/bot.db')"),
        ("sqlite:/data/bot.db", "SQLiteStorage('/data/bot.db')"),
        ("sqlite::memory:", "SQLiteStorage(':memory:')"),
        ("sqlite:./sqlight:bot.db", "SQLiteStorage('./sqlight:bot.db')"),
        ("bot.sqlite", "SQLiteStorage('bot.sqlite')"),
        ("C:/bots/bot.db", "SQLiteStorage('C:/bots/bot.db')"),
        ("file:bot.json", "FileStorage('bot.json')"),
        ("redis://localhost/2", "RedisStorage('redis://localhost:6379/2', prefix='botkeep:')"),
        ("redis://localhost?db=2", "RedisStorage('redis://localhost:6379/2', prefix='botkeep:')"),
    ],
)
def test_an_address_names_its_storage(address: str, name: str) -> None:
    assert repr(storage_at(address)) == name


@pytest.mark.parametrize(
    ("address", "hint"),
    [
        ("sqlight:bot.db", "did you mean sqlite:bot.db?"),
        ("SQLite:bot.db", "did you mean sqlite:bot.db?"),
        ("sqlite:///bot.db", "did you mean sqlite:bot.db, or sqlite:/bot.db for an absolute path?"),
        ("sqlite:////data/bot.db", "write sqlite:/data/bot.db for an absolute path"),
        ("file:///data/bot.json", "write file:/data/bot.json for an absolute path"),
        ("sqlite:bot.db?timeout=5", "did you mean sqlite:bot.db?"),
        ("bot.db\n", "did you mean bot.db?"),
        (":memory:", "did you mean memory:?"),
        ("memory", "did you mean memory:?"),
        ("memory:x", "did you mean memory:?"),
        ("redis:localhost", "did you mean redis://localhost?"),
        ("redis:/localhost", "did you mean redis://localhost?"),
        ("unix:/run/redis.sock", "did you mean unix:///run/redis.sock?"),
        ("reddis://localhost/0", "did you mean redis://localhost/0?"),
        ("redis://localhost/bot", "a database is a number"),
        ("redis://localhost/0/1", "a database is a number"),
        ("mongo://localhost", "write sqlite:PATH"),
        ("http://host/bot.db", "write sqlite:PATH"),
        ("sqlite:", "write sqlite:PATH"),
        ("sqlite:data/", "write sqlite:PATH"),
        ("file:", "write sqlite:PATH"),
        ("bot", "write sqlite:PATH"),
        ("", "write sqlite:PATH"),
    ],
)
def test_any_other_address_is_refused_with_what_was_meant(address: str, hint: str) -> None:
    with pytest.raises(ValueError, match="is no address of a storage") as caught:
        storage_at(address)

    assert hint in str(caught.value)


@pytest.mark.parametrize(
    "address", ["reddis://me:secret@host/0", "redis://me:sec@ret@host/x", "redis://host/x?password=secret"]
)
def test_an_error_shows_no_password(address: str) -> None:
    with pytest.raises(ValueError, match="address") as caught:
        storage_at(address)

    assert "sec" not in str(caught.value)
    assert "sec" not in public_address(address)


@pytest.mark.parametrize("address", ["sqlite:{}/nope.db", "file:{}/nope.json", "{}/no/folder.db"])
def test_a_storage_that_is_to_exist_is_never_created(address: str, tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailableError, match="there is no such file"):
        existing_storage_at(address.format(tmp_path))

    assert list(tmp_path.iterdir()) == []


def test_an_empty_file_is_no_storage_that_exists(tmp_path: Path) -> None:
    (tmp_path / "bot.db").touch()

    with pytest.raises(StorageUnavailableError, match="nothing in it"):
        existing_storage_at(f"{tmp_path}/bot.db")
    assert (tmp_path / "bot.db").stat().st_size == 0


@pytest.mark.parametrize("address", ["memory:", "sqlite::memory:"])
def test_memory_is_no_storage_that_exists(address: str) -> None:
    with pytest.raises(ValueError, match="holds nothing yet"):
        existing_storage_at(address)


async def test_a_storage_that_exists_is_opened(tmp_path: Path) -> None:
    async with SQLiteStorage(tmp_path / "bot.db") as database, FileStorage(tmp_path / "bot.json") as file:
        await database.set_state("a", 1)
        await file.set_state("a", 1)
    (tmp_path / "bot.json").rename(tmp_path / "bot.json.bak")

    async with existing_storage_at(f"{tmp_path}/bot.db") as database:
        assert await database.get_state("a") == 1
    with pytest.warns(UserWarning, match=r"bot\.json"):
        async with existing_storage_at(f"{tmp_path}/bot.json") as file:
            assert await file.get_state("a") == 1


def test_memory_is_new_at_each_use() -> None:
    assert isinstance(storage_at("memory:"), MemoryStorage)
    assert storage_at("memory:") is not storage_at("memory:")
