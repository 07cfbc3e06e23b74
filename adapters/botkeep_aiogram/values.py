"""What aiogram's own objects become in the data of a dialogue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiogram.client.default import Default
from pydantic import BaseModel


def storable(value: Any) -> Any:
    """Return the value with aiogram's objects as dicts that ``Message.model_validate(...)`` reads back.

    A field that is left to the defaults of a bot (``Default("parse_mode")``) is left out, as it was when the
    object was made.
    """
    if isinstance(value, BaseModel):
        fields = value.model_dump(by_alias=True)
        # Models without such fields are the codec's matter.
        return _without_defaults(fields) if _has_defaults(fields) else value
    if isinstance(value, Mapping):
        return {key: storable(item) for key, item in value.items()}
    if type(value) in (list, tuple):
        return [storable(item) for item in value]
    return value


def _has_defaults(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_defaults, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(_has_defaults, value))
    return isinstance(value, Default)


def _without_defaults(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_defaults(item) for key, item in value.items() if not isinstance(item, Default)}
    if isinstance(value, (list, tuple)):
        return [_without_defaults(item) for item in value]
    return value
