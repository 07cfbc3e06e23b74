"""A checksum for each document, so that a damaged byte is an error and never another value.

It covers namespace, identifier, value and expiry. Whoever changes a row with another SQLite tool sets its
checksum to `EDITED`; the next write of the document computes it anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias
from zlib import crc32

from botkeep.errors import CorruptDocumentError

if TYPE_CHECKING:
    import sqlite3

Row: TypeAlias = "tuple[bytes, float | None, int]"
"""``value, expires_at, checksum``, where nothing is damaged; a damaged file may hold anything there."""

EDITED: Final = -1
"""In place of a checksum: a person changed the row. No single damaged byte makes this of a checksum."""

FUNCTION: Final = "botkeep_checksum"
"""The SQL function that does what `checksum` does, on connections of `botkeep.storages.sqlite.schema`."""

DAMAGED: Final = f"""(checksum IS NOT {EDITED} AND checksum IS NOT {FUNCTION}(
    CAST(namespace AS BLOB), CAST(identifier AS BLOB), CAST(value AS BLOB), expires_at
))"""
"""SQL: the row is damaged."""


def checksum(key: bytes, value: bytes, expires_at: float | None) -> int:
    """Return the checksum of a document.

    Args:
        key: namespace and identifier, as `key_of` joins them.
        value: the encoded document.
        expires_at: seconds since the epoch; None: never.
    """
    return crc32(value, crc32(b"%b\0%a\0" % (key, expires_at)))


def key_of(namespace: str, identifier: str) -> bytes:
    """Return what stands for the key in a checksum; no identifier holds a NUL."""
    # Not by a format: a str that is an Enum too formats as its name.
    return "\0".join((namespace, identifier)).encode()  # noqa: FLY002


def checksum_in_sql(namespace: Any, identifier: Any, value: Any, expires_at: Any) -> int | None:
    """Return the checksum of a row; None where a column holds what it never should."""
    if isinstance(namespace, bytes) and isinstance(identifier, bytes) and isinstance(value, bytes):
        return checksum(b"%b\0%b" % (namespace, identifier), value, expires_at)
    return None


def is_intact(row: Row, namespace: str, identifier: str) -> bool:
    """Whether a row that was found under a key is what was stored there."""
    value: object = row[0]
    _, expires_at, found = row
    if found == EDITED:
        return isinstance(value, bytes) and isinstance(expires_at, (float, type(None)))
    return type(value) is bytes and found == checksum(key_of(namespace, identifier), value, expires_at)


def damaged(identifier: str) -> CorruptDocumentError:
    """Return the error for a document whose checksum does not match."""
    return CorruptDocumentError(
        identifier,
        "its checksum does not match, the file is damaged here: restore a backup, or replace or delete this "
        f"document. If you edited it with another tool, set its checksum to {EDITED}",
    )


def damaged_identifiers(identifiers: list[str]) -> CorruptDocumentError:
    """Return the error for identifiers that are no text any more; the others were listed."""
    return CorruptDocumentError(
        identifiers[0],
        f"{len(identifiers)} identifier(s) are damaged: {', '.join(map(repr, identifiers[:10]))}; all others "
        "can be used. repair() sets the damaged ones aside; or restore a backup",
    )


def damaged_keys(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    """Return namespace and identifier of the damaged documents; bytes that are no text are escaped."""
    rows = connection.execute(
        "SELECT CAST(namespace AS BLOB), CAST(identifier AS BLOB) FROM documents NOT INDEXED "  # noqa: S608
        f"WHERE {DAMAGED}"
    )
    return [
        (
            bytes(namespace).decode(errors="backslashreplace"),
            bytes(identifier).decode(errors="backslashreplace"),
        )
        for namespace, identifier in rows
    ]
