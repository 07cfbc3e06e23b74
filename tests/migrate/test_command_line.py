"""`python -m botkeep migrate`, as an operator types it."""

from __future__ import annotations

import inspect
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from tests.servers.redis_server import RedisServer

from botkeep import FSMContext, SQLiteStorage, StateKey
from botkeep.importers.command import FORMATS, load


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
    assert "1 of the keys (a); nothing of it was overwritten" in done.stderr
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


def test_a_source_that_cannot_be_read_leaves_no_target(tmp_path: Path) -> None:
    done = run("import", "kurigram-addons-sqlite", f"{tmp_path}/fsm.db", f"sqlite:{tmp_path}/bot.db")

    assert done.returncode == 1
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_address_is_explained() -> None:
    done = run("migrate", "mongo://localhost", "sqlite:x.db")

    assert done.returncode == 1
    assert "write sqlite:PATH" in done.stderr


def test_a_source_that_is_not_there_is_an_error_and_nothing_is_created(tmp_path: Path) -> None:
    done = run("migrate", f"sqlite:{tmp_path}/nope.db", f"sqlite:{tmp_path}/new.db")

    assert done.returncode == 1
    assert "there is no such file" in done.stderr
    assert list(tmp_path.iterdir()) == []


async def test_keys_that_are_refused_can_be_renamed_or_left_out(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "fsm.db")) as database, database:
        for table in (
            "fsm_state (identifier, state_json, expires_at)",
            "fsm_counter (identifier, value, expires_at)",
        ):
            database.execute(f"CREATE TABLE {table}")
        rows = [("", '{"name": "a", "data": {}}'), ("a\0b", "{}"), ("chat:7", "{}"), ("chat:8", "{")]
        database.executemany("INSERT INTO fsm_state VALUES (?, ?, NULL)", rows)
    command = ["import", "kurigram-addons-sqlite", f"{tmp_path}/fsm.db", f"{tmp_path}/bot.db"]

    refused = run(*command)
    done = run(*command, "--rename", r"'a\x00b'=ab", "--rename", "=empty", "--leave-out")

    assert refused.returncode == 1
    assert r"3 of the keys cannot be imported ('': " in refused.stderr
    assert r"'a\x00b': " in refused.stderr
    assert done.returncode == 0, done.stderr
    assert "2 copied, 1 already there, 0 expired meanwhile, 1 left out: 'chat:8'" in done.stdout
    async with SQLiteStorage(tmp_path / "bot.db") as storage:
        assert await storage.list_keys() == ["ab", "chat:7", "empty"]


def test_a_format_whose_framework_is_missing_names_what_to_install(tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules['pyrogram'] = None; from botkeep.__main__ import main; sys.exit(main())"
    )
    command = ["import", "kurigram-addons-sqlite", str(tmp_path / "fsm.db"), "memory:"]
    done = subprocess.run(  # noqa: S603 # our own program
        [sys.executable, "-c", program, *command], capture_output=True, text=True, check=False, timeout=60
    )

    assert done.returncode == 1
    assert "pip install 'botkeep[pyrogram]'" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of what frameworks import
@pytest.mark.parametrize("name", sorted(FORMATS))
def test_every_format_can_be_loaded(name: str) -> None:
    assert inspect.iscoroutinefunction(load(FORMATS[name]))
