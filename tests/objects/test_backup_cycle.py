"""The cycle goes on whatever an object does, and stopping always backs up."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from tests.objects.models import Model

from botkeep.objects import FolderBackups


class Silent(Model):
    """Does not tell whether it needs a backup."""

    @property
    def needs_backup(self) -> bool:
        raise RuntimeError("ask later")

    @needs_backup.setter
    def needs_backup(self, value: bool) -> None:
        """Take the flag, to no avail."""


class Stubborn(Model):
    """Takes no flag once it has one."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "needs_backup" and hasattr(self, name):
            raise RuntimeError("hands off")
        super().__setattr__(name, value)


def stored(path: Path) -> Any:
    return json.loads(path.read_text())


@pytest.mark.parametrize("odd", [Silent, Stubborn])
async def test_an_object_with_an_odd_flag_stops_no_other(
    tmp_path: Path, odd: type[Model], caplog: pytest.LogCaptureFixture
) -> None:
    backups = FolderBackups(tmp_path)
    strange = backups.register(odd(), "odd")
    strange.__dict__["needs_backup"] = True
    model = backups.register(Model(7.5), "arm")
    model.needs_backup = True
    await backups.backup()

    assert stored(tmp_path / "arm.json") == {"value": 7.5}
    assert "'odd'" in caplog.text


async def test_stopping_backs_up_also_after_somebody_cancelled_all_tasks(tmp_path: Path) -> None:
    backups = FolderBackups(tmp_path)
    model = backups.register(Model(1.0), "arm")
    await backups.start()
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
    await asyncio.sleep(0)
    while backups.is_running:  # noqa: ASYNC110 # it has no event of its own
        await asyncio.sleep(0.001)
    model.value = 2.0
    await backups.stop()

    assert stored(tmp_path / "arm.json") == {"value": 2.0}
