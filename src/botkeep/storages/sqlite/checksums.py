"""A checksum for each document, so that a damaged byte is an error and never another value.

It covers namespace, identifier, value and expiry. Whoever changes a row with another SQLite tool sets its
checksum to `EDITED`; the next write of the document computes it anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from zlib import crc32

from botkeep.errors import CorruptDocumentError

if TYPE_CHECKING:
    import sqlite3

EDITED: Final = -1
"""In place of a checksum: a person changed the row. No single damaged byte makes this of a checksum."""

FUNCTION: Final = "botkeep_checksum"
"""The SQL function that does what `checksum` does, on connections of `botkeep.storages.sqlite.schema`."""

DAMAGED: Final = f"""(checksum IS NOT {EDITED} AND checksum IS NOT {FUNCTION}(
    CAST(namespace AS BLOB), CAST(identifier AS BLOB), CAST(value AS BLOB), expires_at
))"""
"""SQL: the row is damaged."""


def checksum(namespace: str, identifier: str, value: bytes, expires_at: float | None) -> int:
    """Return the checksum of a document; ``expires_at``: seconds since the epoch, None for never."""
    # The texts are no part of the format: a str that is an Enum too would be there by its name.
    return crc32(value, crc32((namespace + "\0" + identifier + f"\0{expires_at!r}\0").encode()))


def checksum_in_sql(namespace: Any, identifier: Any, value: Any, expires_at: Any) -> int | None:
    """Return the checksum of a row; None where a column holds what it never should."""
    if isinstance(namespace, bytes) and isinstance(identifier, bytes) and isinstance(value, bytes):
        return crc32(value, crc32(b"%b\0%b\0%a\0" % (namespace, identifier, expires_at)))
    return None


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
