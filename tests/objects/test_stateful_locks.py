"""Several processes with one state file: inside `_locked_state` no change is lost."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from botkeep.errors import DocumentError, StorageUnavailableError
from botkeep.objects import StatefulObject

PROGRAM = Path(__file__).parent / "programs" / "count_up.py"
PROCESSES, TIMES = 4, 50


class Counter(StatefulObject):
    def __init__(self, state_file: Path) -> None:
        super().__init__(state_file=state_file)
        self.count = getattr(self, "count", 0)

    def increment(self) -> None:
        with self._locked_state():
            self.count += 1

    def increment_twice(self) -> None:
        with self._locked_state():
            self.increment()
            self.increment()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.json"


def test_processes_that_change_a_state_at_once_lose_nothing(path: Path) -> None:
    command = [sys.executable, str(PROGRAM), str(path), str(TIMES)]
    crowd = [subprocess.Popen(command) for _ in range(PROCESSES)]  # noqa: S603 # our own file
    codes = [process.wait(60) for process in crowd]

    assert codes == [0] * PROCESSES
    assert Counter(path).count == PROCESSES * TIMES


def test_objects_in_threads_that_change_a_state_at_once_lose_nothing(path: Path) -> None:
    shared, alone = Counter(path), Counter(path)
    threads = [
        threading.Thread(target=_increment_often, args=(counter,)) for counter in (shared, shared, alone)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Counter(path).count == 60


def _increment_often(counter: Counter) -> None:
    for _ in range(20):
        counter.increment()


def test_the_block_sees_what_others_saved(path: Path) -> None:
    here, there = Counter(path), Counter(path)
    here.increment()
    there.increment()
    here.increment_twice()

    assert (here.count, there.count, Counter(path).count) == (4, 2, 4)


def test_a_block_that_raises_saves_nothing_and_takes_its_changes_back(path: Path) -> None:
    counter = Counter(path)
    counter.increment()
    with pytest.raises(ZeroDivisionError):
        _fail_in_the_middle(counter)

    assert (counter.count, Counter(path).count) == (1, 1)
    counter.increment()
    assert Counter(path).count == 2


def _fail_in_the_middle(counter: Counter) -> None:
    with counter._locked_state():
        counter.count = 1 // 0 if counter.count > 5 else 99
        counter.count //= 0


async def test_saving_inside_the_block_from_async_code_is_refused_rather_than_waited_for(path: Path) -> None:
    counter = Counter(path)
    with pytest.raises(RuntimeError, match="it saves at its end"), counter._locked_state():
        await counter.save()

    await counter.save()


def test_who_waits_too_long_is_told_who_has_the_lock(path: Path) -> None:
    here, there = Counter(path), Counter(path)
    with (
        here._locked_state(),
        pytest.raises(StorageUnavailableError, match=r"this process kept it locked for more than 0.05 s"),
        there._locked_state(timeout=0.05),
    ):
        pass

    there.increment()
    assert there.count == 1


class Basket(StatefulObject):
    def __init__(self, state_file: Path) -> None:
        super().__init__(state_file=state_file)
        self.items: list[Any] = getattr(self, "items", [])
        self.place = (1, 2)

    def fail(self) -> None:
        with self._locked_state():
            self.items.append("half")
            self.place = (3, 4)
            self.note = "new"
            raise ConnectionError


class Chooser(StatefulObject):
    def __init__(self, state_file: Path) -> None:
        self._chosen: list[str] = []
        super().__init__(state_file=state_file)

    def _get_state(self) -> dict[str, Any]:
        return {"chosen": self._chosen}

    def _set_state(self, state: dict[str, Any]) -> None:
        self._chosen = state["chosen"]

    def fail(self) -> None:
        with self._locked_state():
            self._chosen.append("half")
            raise ConnectionError


@pytest.mark.parametrize("saved", [False, True], ids=["without a file", "with a file"])
def test_a_failed_block_leaves_nothing_that_a_later_save_would_store(path: Path, saved: bool) -> None:
    basket = Basket(path)
    if saved:
        basket._save_state()
    with pytest.raises(ConnectionError):
        basket.fail()
    basket._save_state()

    assert vars(Basket(path)).get("note") is None
    assert (Basket(path).items, basket.items) == ([], [])
    assert json.loads(path.read_text()) == {"items": [], "place": [1, 2]}


@pytest.mark.parametrize("saved", [False, True], ids=["without a file", "with a file"])
def test_so_it_is_where_the_object_chooses_its_state(path: Path, saved: bool) -> None:
    chooser = Chooser(path)
    if saved:
        chooser._save_state()
    with pytest.raises(ConnectionError):
        chooser.fail()
    chooser._save_state()

    assert json.loads(path.read_text()) == {"chosen": []}


def test_a_block_that_could_not_be_saved_has_not_happened(path: Path) -> None:
    basket = Basket(path)
    with pytest.raises(DocumentError), basket._locked_state():
        basket.items.append(object())
    basket._save_state()

    assert Basket(path).items == []
