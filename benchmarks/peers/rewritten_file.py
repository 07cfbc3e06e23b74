"""One JSON file that is rewritten as durably and as readably as ours: at each call, or by all that wait."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any, Final

import orjson


class _RewrittenFile:
    """A dict, and a file that follows it: temporary file, fsync, rename, fsync of the folder."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._states: dict[str, Any] = {}
        self._turn = asyncio.Lock()

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


class RewrittenFile(_RewrittenFile):
    """Each call rewrites the file."""

    NAME: Final = "a rewrite per call"

    async def set_state(self, identifier: str, state: Any) -> None:
        async with self._turn:
            self._states[identifier] = state
            await asyncio.to_thread(self._rewrite)


class SharedRewrites(_RewrittenFile):
    """A rewrite keeps the documents of all that came before it began."""

    NAME: Final = "shared rewrites"

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._next: asyncio.Task[None] | None = None

    async def set_state(self, identifier: str, state: Any) -> None:
        self._states[identifier] = state
        if self._next is None:
            self._next = asyncio.create_task(self._rewrite_in_turn())
        await self._next

    async def _rewrite_in_turn(self) -> None:
        async with self._turn:
            await asyncio.sleep(0)  # for all that the last rewrite woke
            self._next = None
            await asyncio.to_thread(self._rewrite)
