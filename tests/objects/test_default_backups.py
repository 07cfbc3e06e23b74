"""One line keeps an object for as long as the program runs, and until the next one."""

from __future__ import annotations

import asyncio
import atexit
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.objects.models import Model

from botkeep.objects import (
    export_all,
    import_all,
    register,
    unregister,
    use_folder,
)
from botkeep.objects.backups import default

PROGRAM = Path(__file__).parent / "programs" / "one_line.py"


def one_line(kind: str, value: float) -> float:
    command = [sys.executable, str(PROGRAM), kind, str(value)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 # our own file

    assert done.stderr == ""
    return float(done.stdout)


@pytest.mark.parametrize("kind", ["plain", "async"])
def test_the_end_of_the_program_backs_up_what_is_registered(home: Path, kind: str) -> None:
    found = [one_line(kind, value) for value in (7.5, 8.5, 9.5)]

    assert found == [1.0, 7.5, 8.5]
    (path,) = (home / ".botkeep" / "objects").iterdir()
    assert path.name == "one_line.Model.json"
    assert json.loads(path.read_text()) == {"value": 9.5}


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> Iterator[default._Program]:
    """A program of its own, whose end the test decides."""
    program = default._Program()
    monkeypatch.setattr(default, "_program", program)
    yield program
    atexit.unregister(program.end)


def test_the_folder_can_be_chosen_before_the_first_object(program: default._Program, tmp_path: Path) -> None:
    use_folder(tmp_path / "robot", interval=0.5)
    arm = register(Model(7.5), "arm")
    leg = register(Model(), "leg")
    with pytest.raises(RuntimeError, match="before the first register"):
        use_folder(tmp_path)
    exported = export_all()
    imported = import_all({"arm": {"value": 8.5}})
    unregister(leg)
    program.end()

    assert exported == {"arm": {"value": 7.5}, "leg": {"value": 1.0}}
    assert (imported.restored, arm.value) == (["arm"], 8.5)
    assert sorted(path.name for path in (tmp_path / "robot").iterdir()) == ["arm.json"]


async def test_on_an_event_loop_the_cycle_is_a_task(program: default._Program, tmp_path: Path) -> None:
    use_folder(tmp_path, interval=3600)
    model = register(Model(7.5), "arm")
    register(Model(), "leg")
    backups = program.backups_in_use()
    await backups.start()
    model.needs_backup = True
    await backups.backup()
    found = (tmp_path / "arm.json").read_text()
    await backups.stop()
    await asyncio.to_thread(program.end)

    assert json.loads(found) == {"value": 7.5}
