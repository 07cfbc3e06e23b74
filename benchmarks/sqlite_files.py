"""SQLite files, written past the storage, since millions of calls take minutes; and their pages made cold."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Final

from botkeep import SQLiteStorage
from botkeep.storages.sqlite.checksums import checksum

_INSERT: Final = "INSERT INTO documents VALUES (?, ?, ?, NULL, ?)"
_UNSAFE: Final = ("journal_mode = off", "synchronous = off", "cache_size = -3000000")
_FORGET: Final = """
import os, sys
file = os.open(sys.argv[1], os.O_RDONLY)
os.fsync(file)
os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
"""


async def write_file(path: Path, identifiers: Iterable[str], value: bytes, namespace: str = "") -> int:
    """Make a file of SQLiteStorage's in which each identifier has the same document, given as JSON.

    Returns:
        The file's size in bytes.
    """
    async with SQLiteStorage(path):
        pass
    rows = ((namespace, own, value.decode(), checksum(namespace, own, value, None)) for own in identifiers)
    return await asyncio.to_thread(_insert, path, rows)


def _insert(path: Path, rows: Iterable[tuple[str, str, str, int]]) -> int:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for pragma in _UNSAFE:
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("BEGIN")
        connection.executemany(_INSERT, rows)
        connection.execute("COMMIT")
    return path.stat().st_size


def forget_pages(path: Path) -> None:
    """Have the system drop what it keeps of the file in memory.

    By another process: one that closes a descriptor of a file loses the locks that SQLite has on it.
    """
    subprocess.run([sys.executable, "-c", _FORGET, str(path)], check=True)  # noqa: S603 # our own command
