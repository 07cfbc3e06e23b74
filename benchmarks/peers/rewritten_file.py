"""One JSON file that is rewritten at each call, as durably and as readably as ours, without sharing."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any, Final

import orjson


class RewrittenFile:
    """A dict, and a file that follows it: temporary file, fsync, rename, fsync of the folder."""

    NAME: Final = "a rewrite per call"

    def __init__(self, path: Path) -> None:
        self._path = path
        self._states: dict[str, Any] = {}
        self._turn = asyncio.Lock()

    async def set_state(self, identifier: str, state: Any) -> None:
        async with self._turn:
            self._states[identifier] = state
            await asyncio.to_thread(self._rewrite)

    def _rewrite(self) -> None:
        unfinished = self._path.with_suffix(".unfinished")
        with unfinished.open("wb") as file:
            file.write(orjson.dumps(self._states, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS))
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
