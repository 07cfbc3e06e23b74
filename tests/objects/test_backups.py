"""Live objects in a cycle of backups, in a folder and in storages alike."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.objects.models import Broken, Choosy, Model, Other

from botkeep import MemoryStorage, SQLiteStorage
from botkeep.errors import IdentifierError
from botkeep.objects import Backups, FolderBackups, StorageBackups

NEVER = 3600.0  # seconds between cycles, where the test makes the turns

Opened = Callable[..., Backups]


@pytest.fixture(params=["folder", "memory", "sqlite"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opened]:
    """Make backups over the same place each time, as a program does that was restarted."""
    if request.param == "folder":
        yield lambda interval=NEVER: FolderBackups(tmp_path, interval=interval)
        return
    storage = MemoryStorage() if request.param == "memory" else SQLiteStorage(tmp_path / "bot.db")
    yield lambda interval=NEVER: StorageBackups(storage, interval=interval)
    asyncio.run(storage.stop())


async def stored(opened: Opened, key: str | None = None) -> float:
    """Return what a new object gets."""
    async with opened() as backups:
        model = await backups.add(Model(), key)
        backups.unregister(model)
    return model.value


async def test_every_object_is_backed_up_at_the_end_whether_it_asked_or_not(opened: Opened) -> None:
    async with opened() as backups:
        model, other = await backups.add(Model(), "model"), await backups.add(Other(), "other")
        model.value, other.value = 7.5, 8.5

    assert (await stored(opened, "model"), await stored(opened, "other")) == (7.5, 8.5)


async def test_objects_registered_before_the_start_are_restored_by_it(opened: Opened) -> None:
    for value in (7.5, 8.5):
        backups = opened()
        model = backups.register(Model())
        await backups.start()
        model.value = value
        await backups.stop()

        assert await stored(opened) == value


async def test_the_cycle_backs_up_what_asks_for_it(opened: Opened) -> None:
    async with opened(interval=0.001) as backups:
        model = await backups.add(Model())
        model.value, model.needs_backup = 7.5, True
        while await stored(opened) != 7.5:  # noqa: ASYNC110 # it comes true in a storage
            await asyncio.sleep(0.001)

        assert not model.needs_backup


async def test_what_does_not_ask_is_left_alone(opened: Opened) -> None:
    async with opened() as backups:
        model = await backups.add(Model())
        model.value = 7.5
        await backups.backup()

        assert await stored(opened) == 1.0


async def test_a_change_during_the_backup_asks_for_another(opened: Opened) -> None:
    class Restless(Model):
        def backup(self) -> dict[str, Any]:
            state = super().backup()
            self.value, self.needs_backup = 9.5, True
            return state

    async with opened() as backups:
        model = await backups.add(Restless())
        model.needs_backup = True
        await backups.backup()

        assert model.needs_backup


async def test_one_object_that_fails_stops_no_other_and_asks_again(
    opened: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened() as backups:
        broken = await backups.add(Broken())
        unstorable: Any = await backups.add(Other())
        model = await backups.add(Model(7.5), "model")
        unstorable.value = print
        for each in (broken, unstorable, model):
            each.needs_backup = True
        await backups.backup()

        assert await stored(opened, "model") == 7.5
        assert [each.needs_backup for each in (broken, unstorable, model)] == [True, True, False]
    assert "'tests.objects.models.Broken' could not be backed up" in caplog.text
    assert "the sensor is unplugged" in caplog.text
    assert "value: a builtin_function_or_method cannot be stored" in caplog.text


async def test_a_state_that_is_no_dict_is_refused(opened: Opened, caplog: pytest.LogCaptureFixture) -> None:
    class Wrong(Model):
        def backup(self) -> Any:
            return [1]

    async with opened() as backups:
        await backups.add(Wrong())

    assert "a state must be a dict, not list" in caplog.text


async def test_what_cannot_be_restored_is_kept_aside_and_stops_no_other(
    opened: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened() as backups:
        await backups.add(Model(7.5), "first")
        await backups.add(Model(8.5), "second")
    async with opened() as backups:
        choosy = await backups.add(Choosy(3.0), "first")
        model = await backups.add(Model(), "second")

    assert (choosy.value, model.value) == (3.0, 8.5)
    assert "'first' could not be restored; what was stored is kept aside" in caplog.text
    assert await stored(opened, "first") == 3.0


async def test_asyncio_run_backs_up_what_was_left_running(opened: Opened) -> None:
    async def forget() -> None:
        backups = opened()
        backups.register(Model(7.5))
        await backups.start()
        await asyncio.sleep(0)  # a task that never ran cannot clean up

    async def look() -> float:
        return await stored(opened)

    await asyncio.to_thread(asyncio.run, forget())

    assert await asyncio.to_thread(asyncio.run, look()) == 7.5


async def test_starting_and_stopping_twice_is_fine(opened: Opened) -> None:
    backups = opened()
    backups.register(Model(7.5))
    await backups.start()
    await backups.start()
    running = backups.is_running
    await backups.stop()
    await backups.stop()

    assert (running, backups.is_running) == (True, False)
    assert await stored(opened) == 7.5


async def test_a_key_belongs_to_one_object_and_an_object_to_one_key(opened: Opened) -> None:
    backups = opened()
    model = backups.register(Model())
    with pytest.raises(IdentifierError, match="taken by another object"):
        backups.register(Model())
    with pytest.raises(IdentifierError, match=r"registered already, as 'tests\.objects\.models\.Model'"):
        backups.register(model, "another")
    backups.register(Model(), "second")
    with pytest.raises(IdentifierError, match="taken by another object"):
        await backups.add(Model(), "SECOND")

    backups.unregister(model)
    backups.register(Model())
    with pytest.raises(ValueError, match="is not registered"):
        backups.unregister(model)


@pytest.mark.parametrize("key", ["", "../a", "a/b", "zz\n", ".hidden", "con"])
async def test_a_key_must_be_a_file_name_everywhere(opened: Opened, key: str) -> None:
    with pytest.raises(IdentifierError):
        opened().register(Model(), key)


async def test_an_object_needs_both_methods(opened: Opened) -> None:
    nothing: Any = object()
    with pytest.raises(TypeError, match=r"has no method backup\(\)"):
        opened().register(nothing)


async def test_an_interval_must_be_positive(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="interval must be a positive, finite number"):
        FolderBackups(tmp_path, interval=0)


async def test_plain_with_is_refused_where_an_event_loop_runs(opened: Opened) -> None:
    with pytest.raises(RuntimeError, match="async with"), opened():
        pass


def test_without_an_event_loop_a_thread_does_it(opened: Opened, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    with opened(interval=0.001) as backups:
        model = backups.register(Model())
        model.value, model.needs_backup = 7.5, True
        while model.needs_backup:
            time.sleep(0.001)
        model.value = 8.5
    with opened() as backups:
        found = backups.register(Model()).value

    assert found == 8.5
    assert caplog.text == ""


class Awaiting(Model):
    """Has a method that somebody would have to await."""

    async def restore(self, data: dict[str, Any]) -> None:  # type: ignore[override] # the point
        self.value = data["value"]


@pytest.mark.parametrize(("obj", "message"), [(Awaiting(), "async restore"), (Model, "is a class")])
async def test_what_would_never_be_restored_is_refused_and_what_is_stored_stays(
    opened: Opened, obj: Any, message: str
) -> None:
    async with opened() as backups:
        (await backups.add(Model(), "model")).value = 7.5

    async with opened() as backups:
        with pytest.raises(TypeError, match=message):
            await backups.add(obj, "model")

    assert await stored(opened, "model") == 7.5
