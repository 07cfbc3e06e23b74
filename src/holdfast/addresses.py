"""Storages by address, for command lines and settings: ``sqlite:bot.db``, ``redis://host/0``."""

from __future__ import annotations

from holdfast.abc import BaseStorage


def storage_at(address: str) -> BaseStorage:
    """Return an unopened storage for an address.

    Args:
        address: ``memory:``, ``sqlite:PATH``, ``file:PATH``, or a ``redis://``, ``rediss://`` or ``unix://``
            URL. A bare path ending in ``.db`` or ``.sqlite`` is SQLite's, one in ``.json`` a file storage's.

    Raises:
        ValueError: the address names none of them.
    """
    scheme, separator, rest = address.partition(":")
    if scheme in ("redis", "rediss", "unix") and separator:
        from holdfast import RedisStorage  # noqa: PLC0415 # its driver is an extra

        return RedisStorage.from_url(address)
    if scheme == "memory":
        from holdfast import MemoryStorage  # noqa: PLC0415 # an address loads the storage that it names

        return MemoryStorage()
    return _in_a_file(scheme, rest, address)


def _in_a_file(scheme: str, path: str, address: str) -> BaseStorage:
    if scheme == "sqlite" and path:
        kind, place = "sqlite", path
    elif scheme == "file" and path:
        kind, place = "file", path
    else:
        kind, place = ("file" if address.endswith(".json") else "sqlite"), address
        if not address.endswith((".json", ".db", ".sqlite", ".sqlite3")):
            raise ValueError(
                f"{address!r} is no address of a storage; write sqlite:PATH, file:PATH, memory: or redis://HOST"
            )
    from holdfast import FileStorage, SQLiteStorage  # noqa: PLC0415 # an address loads the storage that it names

    return SQLiteStorage(place) if kind == "sqlite" else FileStorage(place)
