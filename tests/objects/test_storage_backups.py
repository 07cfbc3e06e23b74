"""Backups in a storage: documents of a namespace, which never expire."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from tests.objects.models import Choosy, Model

from botkeep import MemoryStorage, SQLiteStorage
from botkeep.errors import StorageUnavailableError
from botkeep.hooks import Put
from botkeep.objects import StorageBackups
from botkeep.ttl import Expiry


async def test_objects_are_documents_that_never_expire() -> None:
    async with MemoryStorage(default_ttl=60) as storage:
        async with StorageBackups(storage) as backups:
            await backups.add(Model(7.5), "arm")
        objects = storage.namespace("objects")

        assert await objects.get_state("arm") == {"value": 7.5}
        assert await objects.get_ttl("arm") == math.inf
        assert await storage.list_keys() == []


async def test_the_storage_stays_open_for_its_owner() -> None:
    async with MemoryStorage() as storage:
        async with StorageBackups(storage):
            pass

        assert await storage.health()


async def test_once_started_it_takes_add() -> None:
    async with MemoryStorage() as storage, StorageBackups(storage) as backups:
        model = Model()
        with pytest.raises(RuntimeError, match=r"await backups\.add\(obj\)"):
            backups.register(model)

        assert await backups.add(model) is model


async def test_what_cannot_be_read_or_restored_is_kept_aside(caplog: pytest.LogCaptureFixture) -> None:
    async with MemoryStorage() as storage:
        objects = storage.namespace("objects")
        await objects.set_state("arm", {"value": 3.5})
        await objects.set_state("list", [1, 2])
        await objects.apply("broken", Put(b'{"val', Expiry(math.inf, keep=False)))
        async with StorageBackups(storage) as backups:
            await backups.add(Choosy(), "arm")
            await backups.add(Model(), "list")
            await backups.add(Model(), "broken")

        arm, broken, unfit = await objects.list_keys("*.*")
        assert [key.split("-")[0] for key in (arm, broken, unfit)] == [
            "arm.unrestored",
            "broken.corrupt",
            "list.corrupt",
        ]
        assert await objects.get_state(arm) == {"value": 3.5}
        assert await objects._get("objects", broken) == b'{"val'
        assert await objects.get_state("broken") == {"value": 1.0}
    assert "'list' is no state of an object" in caplog.text


async def test_a_storage_that_cannot_be_reached_is_an_error_and_overwrites_nothing(tmp_path: Path) -> None:
    storage = SQLiteStorage(tmp_path)  # a folder
    backups = StorageBackups(storage)
    backups.register(Model())
    with pytest.raises(StorageUnavailableError):
        await backups.start()

    assert not backups.is_running


def test_without_an_event_loop_a_storage_that_cannot_be_reached_is_an_error_too(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailableError), StorageBackups(SQLiteStorage(tmp_path)):
        pass


def test_without_an_event_loop_the_storage_serves_block_after_block(tmp_path: Path) -> None:
    backups = StorageBackups(SQLiteStorage(tmp_path / "bot.db"))
    model = backups.register(Model())
    with backups:
        model.value = 7.5
    model.value = 8.5
    with backups:
        pass
    with StorageBackups(SQLiteStorage(tmp_path / "bot.db")) as again:
        assert again.register(Model(), "tests.objects.models.Model").value == 8.5
