"""Paths that a caller gives: checked where they are given, and taken apart in one way."""

from __future__ import annotations

import os
from pathlib import Path

from botkeep.errors import StorageUnavailableError


def path_text(path: object, name: str = "path") -> str:
    """Return a path as text.

    Args:
        path: what the caller gave.
        name: what the caller calls it, for errors.

    Raises:
        TypeError: it is neither a str nor a path of str.
        ValueError: it is empty, or has NUL in it.
    """
    text = os.fspath(path) if isinstance(path, (str, os.PathLike)) else path
    if not isinstance(text, str):
        raise TypeError(f"{name} must be a str or a pathlib.Path, not {path!r}")
    if not text:
        raise ValueError(f"{name} must not be empty")
    if "\0" in text:
        raise ValueError(f"{name} must not contain NUL: {text!r}")
    return text


def expanded(path: object, name: str = "path") -> Path:
    """Return a path with the user's home for "~".

    Raises:
        TypeError: as `path_text`.
        ValueError: as `path_text`.
        StorageUnavailableError: the home is not known.
    """
    text = path_text(path, name)
    try:
        return Path(text).expanduser()
    except RuntimeError as exc:
        home = Path(text).parts[0]
        raise StorageUnavailableError(
            text, f"the home folder {home} is not known on this computer; write the path in full"
        ) from exc
