"""A copy of all objects each day, the last hundred of them kept."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from botkeep._core.batching import an_event_loop_runs
from botkeep._files import atomic
from botkeep._files.dict_file import to_text
from botkeep._files.paths import expanded

_logger = logging.getLogger(__name__)


def _local_time() -> datetime:
    return datetime.now().astimezone()


def _check_types(keep: object, at: object) -> None:
    if isinstance(keep, bool) or not isinstance(keep, int):
        raise TypeError(f"keep must be an int, not {keep!r}")
    if not isinstance(at, time) or at.tzinfo is not None:
        raise TypeError(f"at must be a time of day without a time zone, such as time(3), not {at!r}")


class DailyCopies:
    """Writes ``objects-<date>.json`` once a day, which `Backups.import_all` reads.

    A program that is off at that time makes the copy when it is on again, on the same day.

    Args:
        folder: where to; "~" is the user's home.
        at: the time of day, in the computer's time zone.
        keep: how many copies stay; older ones are removed.
        clock: the present moment; tests inject their own.

    Raises:
        TypeError: an argument is not of its type, or ``at`` has a time zone.
        ValueError: ``keep`` is less than 1, or the folder is empty.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        at: time = time(hour=3),
        keep: int = 100,
        clock: Callable[[], datetime] = _local_time,
    ) -> None:
        _check_types(keep, at)
        if keep < 1:
            raise ValueError(f"keep must be 1 or more, not {keep!r}")
        self._folder = expanded(folder, "folder").absolute()
        self._at = at
        self._keep = keep
        self._clock = clock
        self._made: date | None = None

    def is_due(self) -> bool:
        """Whether it is time for today's copy, and there is none yet."""
        now = self._clock()
        if now.time() < self._at or now.date() == self._made:
            return False
        if self._path(now.date()).exists():
            self._made = now.date()
        return now.date() != self._made

    async def make(self, states: dict[str, Any]) -> None:
        """Write today's copy and remove the oldest ones; what goes wrong is logged."""
        today = self._clock().date()
        try:
            text = to_text(states)
            if an_event_loop_runs():
                await asyncio.to_thread(self._write, today, text)
            else:
                self._write(today, text)
        except Exception:
            _logger.exception("Today's copy could not be written to %s; it will be tried again", self._folder)

    def _write(self, day: date, text: bytes) -> None:
        atomic.write(self._path(day), text)
        self._made = day
        copies = sorted(self._folder.glob("objects-????-??-??.json"))
        for path in copies[: -self._keep]:
            path.unlink()

    def _path(self, day: date) -> Path:
        return self._folder / f"objects-{day.isoformat()}.json"
