"""Saving from async code and from threads: nothing blocks, nothing is lost, nothing old replaces the new."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from botkeep.errors import DocumentError, StorageUnavailableError
from botkeep.objects import StatefulObject
from botkeep.objects.stateful.state_file import Snapshot, StateFile


class App(StatefulObject):
    def __init__(self, state_file: Path) -> None:
        super().__init__(state_file=state_file)
        self.count: Any = getattr(self, "count", 0)


@pytest.fixture
def app(tmp_path: Path) -> App:
    return App(tmp_path / "state.json")


def saved(app: App) -> Any:
    return json.loads(app._state_file.read_text())["count"]


async def test_a_save_that_has_returned_is_on_the_disk(app: App) -> None:
    for app.count in range(1, 4):
        await app.save()

        assert saved(app) == app.count


async def test_the_event_loop_runs_on_while_the_file_is_written(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, flush, threads = asyncio.get_running_loop(), os.fsync, set()

    def flush_once_the_loop_has_run(descriptor: int) -> None:
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0), loop).result(10)
        threads.add(threading.current_thread())
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", flush_once_the_loop_has_run)
    await app.save()

    assert threading.main_thread() not in threads


async def test_saves_at_the_same_time_share_writes(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    writes = []
    write = StateFile.write

    def counted_write(self: StateFile, snapshot: Any) -> None:
        writes.append(snapshot)
        write(self, snapshot)

    monkeypatch.setattr(StateFile, "write", counted_write)

    async def count_up() -> None:
        app.count += 1
        await app.save()

    await asyncio.gather(*(count_up() for _ in range(100)))

    assert saved(app) == 100
    assert len(writes) == 1


async def test_values_that_cannot_be_stored_reach_every_saver(app: App) -> None:
    app.count = print
    outcomes = await asyncio.gather(app.save(), app.save(), return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [DocumentError, DocumentError]
    app.count = 1
    await app.save()
    assert saved(app) == 1


class Holdup:
    """Holds up the writing of saves that are not direct ones, until the test lets them go."""

    def __init__(self) -> None:
        self._reached = threading.Event()
        self._over = threading.Event()
        self._write = StateFile.write

    def write(self, file: StateFile, snapshot: Snapshot) -> None:
        if threading.current_thread() is not threading.main_thread():
            self._reached.set()
            self._over.wait(10)
        self._write(file, snapshot)

    async def reached(self) -> None:
        await asyncio.to_thread(self._reached.wait, 10)

    def end(self) -> None:
        self._over.set()


@pytest.fixture
def holdup(monkeypatch: pytest.MonkeyPatch) -> Holdup:
    holdup = Holdup()

    def write(file: StateFile, snapshot: Snapshot) -> None:
        holdup.write(file, snapshot)

    monkeypatch.setattr(StateFile, "write", write)
    return holdup


async def test_a_save_sees_what_was_changed_while_an_earlier_one_was_written(
    app: App, holdup: Holdup
) -> None:
    app.count = 1
    first = asyncio.ensure_future(app.save())
    await holdup.reached()
    app.count = 2
    second = asyncio.ensure_future(app.save())
    holdup.end()
    await asyncio.gather(first, second)

    assert saved(app) == 2


async def test_a_direct_save_is_not_undone_by_one_that_was_on_its_way(app: App, holdup: Holdup) -> None:
    app.count = 1
    late = asyncio.ensure_future(app.save())
    await holdup.reached()
    app.count = 2
    app._save_state()
    holdup.end()
    await late

    assert saved(app) == 2


async def test_a_save_on_its_way_does_not_bring_back_what_was_cleared(app: App, holdup: Holdup) -> None:
    app.count = 1
    late = asyncio.ensure_future(app.save())
    await holdup.reached()
    app._clear_state()
    app.__init__(app._state_file)  # type: ignore[misc] # the document's own recipe
    holdup.end()
    await late

    assert app.count == 0
    assert not app._state_file.exists()


async def test_a_cancelled_save_leaves_the_others_alone(app: App) -> None:
    app.count = 1
    saves = [asyncio.ensure_future(app.save()) for _ in range(5)]
    await asyncio.sleep(0)
    saves[0].cancel()
    outcomes = await asyncio.gather(*saves, return_exceptions=True)

    assert isinstance(outcomes[0], asyncio.CancelledError)
    assert outcomes[1:] == [None] * 4
    assert saved(app) == 1


def test_an_object_may_go_from_one_event_loop_to_the_next(app: App) -> None:
    for app.count in range(3):
        asyncio.run(app.save())

    assert saved(app) == 2


def test_threads_that_save_at_once_leave_the_last_state(app: App) -> None:
    guard = threading.Lock()

    def count_up() -> None:
        for _ in range(25):
            with guard:
                app.count += 1
            app._save_state()

    threads = [threading.Thread(target=count_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert saved(app) == 100


async def test_a_save_that_fails_says_so_and_the_next_one_works(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    await app.save()
    app.count = 1
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", _fail)
        patch.setattr(Path, "replace", _fail)
        with pytest.raises(StorageUnavailableError, match="read-only"):
            await app.save()
    before = saved(app)
    await app.save()

    assert (before, saved(app)) == (0, 1)


def _fail(*_: object) -> None:
    raise OSError(30, "Read-only file system")


class Slotted(StatefulObject):
    __slots__ = ("_hidden", "count", "unset")

    def __init__(self, state_file: Path) -> None:
        super().__init__(state_file=state_file)
        self.count = getattr(self, "count", 0)
        self._hidden = 1


class SlottedToo(Slotted):
    __slots__ = "name"  # noqa: PLC0205 # allowed, so tried
    name: str
    extra: list[int]


def test_slots_are_attributes_too(tmp_path: Path) -> None:
    slotted = SlottedToo(tmp_path / "state.json")
    slotted.count, slotted.name, slotted.extra = 5, "Ada", [1]
    slotted._save_state()
    again = SlottedToo(tmp_path / "state.json")
    found = (again.count, again.name, again.extra)
    again._clear_state()
    again.__init__(tmp_path / "state.json")  # type: ignore[misc] # the documented way to start anew

    assert found == (5, "Ada", [1])
    assert again.count == 0
    assert not hasattr(again, "name")
