"""What aiogram's own objects become in the data of a dialogue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiogram.client.default import Default
from pydantic import BaseModel

from botkeep import DocumentError


def storable(data: Mapping[str, Any], refusal: DocumentError) -> Any:
    """Return the data with aiogram's objects as dicts that ``Message.model_validate(...)`` reads back.

    A field that is left to the defaults of a bot (``Default("parse_mode")``) is left out, as it was when the
    object was made.

    Args:
        data: of a dialogue.
        refusal: why it cannot be stored as it is.

    Raises:
        DocumentError: the refusal, where the data is too deep to look at, or contains itself.
    """
    try:
        return _storable(data)
    except (RecursionError, ValueError):  # ValueError: pydantic's, of a model that contains itself
        raise refusal from None


def _storable(value: Any) -> Any:
    if isinstance(value, BaseModel):
        fields = value.model_dump(by_alias=True)
        # Models without such fields are the codec's matter.
        return _without_defaults(fields) if _has_defaults(fields) else value
    if isinstance(value, Mapping):
        return {key: _storable(item) for key, item in value.items()}
    if type(value) in (list, tuple):
        return [_storable(item) for item in value]
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
