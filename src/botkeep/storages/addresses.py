"""Storages by address, for command lines and settings: ``sqlite:bot.db``, ``redis://host/0``."""

from __future__ import annotations

import difflib
import re
from pathlib import Path, PurePath
from typing import Final
from urllib.parse import unquote, urlsplit

import botkeep
from botkeep._files.paths import expanded
from botkeep.abc import BaseStorage
from botkeep.errors import StorageUnavailableError

_SUFFIXES: Final = {".db": "sqlite", ".sqlite": "sqlite", ".sqlite3": "sqlite", ".json": "file"}
_FILES: Final = ("sqlite", "file")
_SERVERS: Final = ("redis", "rediss", "unix")
_KINDS: Final = (*_FILES, "memory", *_SERVERS)

_USAGE: Final = "write sqlite:PATH, file:PATH, memory: or redis://HOST"

# One letter is a drive of Windows.
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):(.*)", re.DOTALL)
_SECRETS: Final = re.compile(r"(?<=//).*@|(?<=[?&]password=)[^&]*", re.DOTALL)


def storage_at(address: str) -> BaseStorage:
    """Return an unopened storage for an address.

    Args:
        address: ``memory:``, ``sqlite:PATH``, ``file:PATH``, or a ``redis://``, ``rediss://`` or ``unix://``
            URL. A bare path ending in ``.db`` or ``.sqlite`` is SQLite's, one in ``.json`` a file storage's.

    Raises:
        TypeError: it is no str.
        ValueError: the address names none of them; the error says what may have been meant.
    """
    scheme, place = _split(address)
    if scheme in _SERVERS:
        _check_url(address)
        return botkeep.RedisStorage.from_url(address)
    if scheme == "memory":
        return botkeep.MemoryStorage()
    return botkeep.SQLiteStorage(place) if scheme == "sqlite" else botkeep.FileStorage(place)


def existing_storage_at(address: str) -> BaseStorage:
    """Return an unopened storage for an address at which there is one: opening it creates no file.

    Args:
        address: as for `storage_at`.

    Raises:
        ValueError: the address names no storage, or ``memory:``, which is empty at first.
        StorageUnavailableError: there is no such file, or an empty one.
    """
    storage = storage_at(address)
    scheme, place = _split(address)
    if scheme == "memory" or place == ":memory:":
        raise ValueError(f"{address!r} is a new storage at each use, and holds nothing yet")
    if scheme in _FILES and not any(_holds_something(path) for path in _files(scheme, place)):
        raise StorageUnavailableError(repr(storage), "there is no such file, or nothing in it")
    return storage


def public_address(address: str) -> str:
    """Return the address without a URL's user and password, for people to read."""
    return _SECRETS.sub("", address)


def _split(address: str) -> tuple[str, str]:
    """Return the kind of storage and its place."""
    if not isinstance(address, str):
        raise TypeError(f"an address must be a str such as 'sqlite:bot.db', not {address!r}")
    found = _SCHEME.fullmatch(address)
    scheme, place = found.groups() if found else (_SUFFIXES.get(PurePath(address).suffix, ""), address)
    hint = f"did you mean {address.strip()}?" if address != address.strip() else _hint(scheme, place)
    if hint:
        raise ValueError(f"{public_address(address)!r} is no address of a storage; {public_address(hint)}")
    return scheme, place


def _hint(scheme: str, place: str) -> str:
    """Return what is wrong with an address; "": nothing."""
    if scheme in _FILES:
        return _path_hint(scheme, place)
    if scheme in _SERVERS:
        slashes = "///" if scheme == "unix" else "//"
        return "" if place.startswith("//") else f"did you mean {scheme}:{slashes}{place.lstrip('/')}?"
    if scheme == "memory":
        return "did you mean memory:?" if place else ""
    if place in ("memory", ":memory:"):
        return "did you mean memory:?"
    close = difflib.get_close_matches(scheme.lower(), _KINDS, 1)
    return f"did you mean {close[0]}:{place}?" if close else _USAGE


def _path_hint(scheme: str, place: str) -> str:
    if place.startswith("//"):
        # As in SQLAlchemy: sqlite:///bot.db is a file in this folder, sqlite:////bot.db one in the root.
        name = place.lstrip("/")
        relative = scheme == "sqlite" and not place.startswith("////")
        absolute = f"{scheme}:/{name} for an absolute path?"
        return f"did you mean {scheme}:{name}, or {absolute}" if relative else f"write {absolute[:-1]}"
    if "?" in place:
        return f"did you mean {scheme}:{place.partition('?')[0]}? A path has no settings"
    return "" if place and not place.endswith("/") else _USAGE


def _check_url(url: str) -> None:
    """Refuse what redis-py would leave out, and so mean database 0."""
    parts = urlsplit(url)
    database = unquote(parts.path).strip("/")
    if parts.scheme != "unix" and database and not re.fullmatch(r"\d+", database, re.ASCII):
        hint = "a database is a number, as in redis://HOST/0"
        raise ValueError(f"{public_address(url)!r} is no address of a storage; {hint}")


def _files(scheme: str, place: str) -> list[Path]:
    path = expanded(place)
    # A file storage goes on with its backup where the file is missing.
    return [path, path.with_name(f"{path.name}.bak")] if scheme == "file" else [path]


def _holds_something(path: Path) -> bool:
    return path.exists() and (not path.is_file() or path.stat().st_size > 0)
