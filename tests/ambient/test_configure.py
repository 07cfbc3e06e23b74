"""Which storage the ambient stores use."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from botkeep import MemoryStorage
from botkeep.abc import BaseStorage
from botkeep.ambient import acting_user, configure, store, user
from botkeep.ambient.configuration import choice


def run(folder: Path, program: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONWARNINGS": "error"}
    return subprocess.run(  # noqa: S603 # our own program
        [sys.executable, "-c", program],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "configured", None)
    monkeypatch.setattr(choice, "default", None)


@pytest.mark.usefixtures("chosen")
async def test_configure_chooses_the_storage() -> None:
    async with MemoryStorage() as storage:
        configure(storage)
        await store.save("theme", "dark")
        with acting_user(1):
            await user.save("theme", "light")

        assert await storage.list_namespaces() == ["ambient"]


@pytest.mark.usefixtures("chosen")
async def test_a_namespace_can_be_chosen_too() -> None:
    async with MemoryStorage() as storage:
        configure(storage.namespace("one bot"))
        await store.save("theme", "dark")
        configure(storage.namespace("another/bot"))

        assert await store.load("theme") is None
        assert await storage.list_namespaces() == ["one bot"]


@pytest.mark.usefixtures("chosen")
async def test_another_call_changes_to_another_storage() -> None:
    async with MemoryStorage() as one, MemoryStorage() as other:
        configure(one)
        await store.save("theme", "dark")
        configure(other)

        assert await store.load("theme") is None
        configure(one)
        assert await store.load("theme") == "dark"


@pytest.mark.parametrize("storage", ["bot.db", None, MemoryStorage])
def test_only_a_storage_can_be_chosen(storage: Any) -> None:
    with pytest.raises(TypeError, match="configure takes a storage"):
        configure(storage)


@pytest.mark.usefixtures("chosen")
async def test_configuring_after_the_default_was_used_raises(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    await store.save("theme", "dark")
    try:
        with pytest.raises(RuntimeError, match=r"used before configure\(MemoryStorage\(\)\).*botkeep\.db"):
            configure(MemoryStorage())
    finally:
        assert isinstance(choice.default, BaseStorage)
        await choice.default.stop()


def test_the_default_is_a_file_under_data_made_at_the_first_use_and_closed_at_exit(tmp_path: Path) -> None:
    program = """
import asyncio, os
from botkeep import store
assert not os.path.exists("data")

async def main():
    os.mkdir("elsewhere")
    await store.save("theme", "dark")
    os.chdir("elsewhere")
    print(await store.load("theme"))

asyncio.run(main())
asyncio.run(store.increment("runs"))
"""
    finished = run(tmp_path, program)

    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "dark\n", "")
    assert {path.name for path in (tmp_path / "data").iterdir()} == {"botkeep.db", "botkeep.db.lock"}
    with sqlite3.connect(tmp_path / "data" / "botkeep.db") as connection:
        rows = connection.execute(
            "SELECT namespace, identifier, value FROM documents ORDER BY identifier"
        ).fetchall()
    connection.close()
    assert rows == [("ambient/store", "runs", "1"), ("ambient/store", "theme", '"dark"')]


def test_an_exit_in_the_middle_of_things_does_not_hang_and_loses_nothing(tmp_path: Path) -> None:
    program = """
import asyncio, sys
from botkeep import store

async def main():
    await store.save("theme", "dark")
    asyncio.create_task(store.save("late", 1))
    sys.exit(3)

asyncio.run(main())
"""
    assert run(tmp_path, program).returncode == 3
    again = run(
        tmp_path,
        "import asyncio\nfrom botkeep import store\nprint(asyncio.run(store.load('theme')))",
    )
    assert again.stdout == "dark\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_exits_without_waiting_for_its_parents_storage(tmp_path: Path) -> None:
    program = """
import asyncio, os
from botkeep import store

asyncio.run(store.save("theme", "dark"))
child = os.fork()
if child:
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), asyncio.run(store.load("theme")))
"""
    assert run(tmp_path, program).stdout == "0 dark\n"


@pytest.mark.usefixtures("unmeasured")
def test_importing_the_stores_opens_nothing_and_loads_no_engine(tmp_path: Path) -> None:
    program = """
import sys
from botkeep import store, user
heavy = {"sqlite3", "aiosqlite", "redis", "multiprocessing"} & set(sys.modules)
assert not heavy, heavy
assert not [name for name in sys.modules if name.startswith("botkeep.storages.")]
"""
    finished = run(tmp_path, program)

    assert (finished.returncode, finished.stderr) == (0, "")
    assert not list(tmp_path.iterdir())
