"""`python -m holdfast migrate`, as an operator types it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from holdfast import MemoryStorage, SQLiteStorage
from holdfast.addresses import storage_at


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 # our own command
        [sys.executable, "-m", "holdfast", *arguments],
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
