"""`python -m botkeep migrate`, as an operator types it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.servers.redis_server import RedisServer

from botkeep import FSMContext, MemoryStorage, SQLiteStorage, StateKey
from botkeep.storages.addresses import storage_at


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 # our own command
        [sys.executable, "-m", "botkeep", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


async def fill(path: Path, **documents: object) -> None:
    async with SQLiteStorage(path) as storage:
        for identifier, document in documents.items():
            await storage.set_state(identifier, document)


async def test_it_copies_and_says_how_much(tmp_path: Path) -> None:
    await fill(tmp_path / "old.db", a=1, b=2)

    done = run("migrate", f"sqlite:{tmp_path}/old.db", f"{tmp_path}/new.db")

    assert done.returncode == 0, done.stderr
    assert "2 copied, 0 already there" in done.stdout
    async with SQLiteStorage(tmp_path / "new.db") as copy:
        assert await copy.list_keys() == ["a", "b"]


async def test_a_refusal_ends_with_one_and_names_the_keys(tmp_path: Path) -> None:
    await fill(tmp_path / "old.db", a=1)
    await fill(tmp_path / "new.db", a=2)

    done = run("migrate", f"{tmp_path}/old.db", f"{tmp_path}/new.db")

    assert done.returncode == 1
    assert "(a); nothing of it was overwritten" in done.stderr
    assert "Traceback" not in done.stderr


async def test_import_brings_in_and_says_how_much(empty_redis: RedisServer, tmp_path: Path) -> None:
    empty_redis.run("SET", "bot|7|7|default|state", "Form:name")
    url = empty_redis.url.replace("redis://", "redis://default:@")
    settings = ["--bot-id", "42", "--prefix", "bot", "--separator", "|", "--with-destiny"]

    done = run("import", "aiogram-redis", url, f"{tmp_path}/bot.db", *settings)

    assert done.returncode == 0, done.stderr
    assert f"{empty_redis.url} -> {tmp_path}/bot.db: 1 copied" in done.stdout
    async with SQLiteStorage(tmp_path / "bot.db") as storage:
        assert await FSMContext(storage, StateKey(42, 7, 7)).get_state() == "Form:name"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["python-telegram-bot", "missing.pickle", "memory:", "--bot-id", "42"], "missing.pickle"),
        (["cascadeui", __file__, "memory:"], "is no JSON"),
        (["kurigram-addons-sqlite", __file__, "memory:"], "cannot be read as kurigram-addons' database"),
        (["aiogram-redis", "redis://me:secret@127.0.0.1:1", "memory:"], "127.0.0.1:1 is unavailable"),
    ],
)
def test_a_source_that_cannot_be_read_is_explained(arguments: list[str], message: str) -> None:
    done = run("import", *arguments)

    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert "secret" not in done.stdout + done.stderr


def test_an_unknown_address_is_explained() -> None:
    done = run("migrate", "mongo://localhost", "sqlite:x.db")

    assert done.returncode == 1
    assert "write sqlite:PATH" in done.stderr


@pytest.mark.parametrize("address", ["sqlite:", "file:", "bot", ""])
def test_an_address_without_a_place_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="no address of a storage"):
        storage_at(address)


def test_an_address_names_its_storage() -> None:
    assert isinstance(storage_at("memory:"), MemoryStorage)
    assert repr(storage_at("sqlite:data/bot.db")) == "SQLiteStorage('data/bot.db')"
    assert repr(storage_at("bot.sqlite")) == "SQLiteStorage('bot.sqlite')"
