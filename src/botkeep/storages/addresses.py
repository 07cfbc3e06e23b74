"""Storages by address, for command lines and settings: ``sqlite:bot.db``, ``redis://host/0``."""

from __future__ import annotations

from pathlib import PurePath
from typing import Final

import botkeep
from botkeep.abc import BaseStorage

_SUFFIXES: Final = {".db": "sqlite", ".sqlite": "sqlite", ".sqlite3": "sqlite", ".json": "file"}


def storage_at(address: str) -> BaseStorage:
    """Return an unopened storage for an address.

    Args:
        address: ``memory:``, ``sqlite:PATH``, ``file:PATH``, or a ``redis://``, ``rediss://`` or ``unix://``
            URL. A bare path ending in ``.db`` or ``.sqlite`` is SQLite's, one in ``.json`` a file storage's.

    Raises:
        ValueError: the address names none of them.
    """
    scheme, _, place = address.partition(":")
    if scheme in ("redis", "rediss", "unix"):
        return botkeep.RedisStorage.from_url(address)
    if address == "memory:":
        return botkeep.MemoryStorage()
    if scheme not in ("sqlite", "file"):
        scheme, place = _SUFFIXES.get(PurePath(address).suffix, ""), address
    if not scheme or not place:
        hint = "write sqlite:PATH, file:PATH, memory: or redis://HOST"
        raise ValueError(f"{address!r} is no address of a storage; {hint}")
    return botkeep.SQLiteStorage(place) if scheme == "sqlite" else botkeep.FileStorage(place)
