"""Dates and times with all that tells them apart: the fold, and the name of a fixed time zone."""

from __future__ import annotations

from datetime import datetime, time, timedelta, timezone, tzinfo
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from botkeep import DocumentError

Moment = TypeVar("Moment", datetime, time)


def pack_moment(value: datetime | time, path: str) -> Any:
    """Return what the document codec keeps as it is, or a tag: ``{"@datetime": [text, fold, zone]}``.

    Raises:
        DocumentError: its time zone is of a library whose zones have no name to find them by.
    """
    zone = _pack_zone(value.tzinfo, path)
    if not value.fold and not isinstance(zone, list):
        return value
    text = value.replace(tzinfo=None, fold=0).isoformat()
    return {f"@{type(value).__name__}": [text, value.fold, zone]}


def unpack_moment(kind: type[Moment], content: Any) -> Moment:
    """Return the value of a tag."""
    text, fold, zone = content
    return kind.fromisoformat(text).replace(tzinfo=_unpack_zone(zone), fold=fold)


def _pack_zone(zone: tzinfo | None, path: str) -> Any:
    """Return None, the name of a region, an offset from UTC, or a list of an offset and its own name."""
    if zone is None:
        return None
    if isinstance(zone, ZoneInfo) and zone.key:
        return zone.key
    if isinstance(zone, timezone):
        offset = zone.utcoffset(None)
        name = zone.tzname(None)
        return offset if name == timezone(offset).tzname(None) else [offset, name]
    raise DocumentError(
        path,
        f"the time zone {zone!r} would come back as another one; use zoneinfo.ZoneInfo, or datetime.timezone",
    )


def _unpack_zone(zone: Any) -> tzinfo | None:
    if isinstance(zone, str):
        return ZoneInfo(zone)
    if isinstance(zone, timedelta):
        return timezone(zone)
    return None if zone is None else timezone(*zone)
