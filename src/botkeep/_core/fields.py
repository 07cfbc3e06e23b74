"""What a dataclass, a msgspec Struct or a pydantic model holds, as it is stored: by the names it is read by."""

from __future__ import annotations

import dataclasses
from typing import Any

from botkeep.errors import DocumentError


def fields_of(value: Any) -> Any:
    """Return what the value holds, most often a dict; None when it is none of the three.

    Raises:
        DocumentError: a pydantic model could not be read back from what it dumps.
    """
    kind = type(value)
    if isinstance(value, type):
        return None
    if dataclasses.is_dataclass(kind):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(kind)}
    if hasattr(kind, "__struct_config__"):
        return _struct_fields(value)
    if hasattr(kind, "__pydantic_validator__") and hasattr(kind, "model_dump"):
        return _model_fields(value)
    return None


def _struct_fields(value: Any) -> Any:
    config = value.__struct_config__
    values = [getattr(value, name) for name in value.__struct_fields__]
    if config.array_like:
        return [config.tag, *values] if config.tag is not None else values
    fields = dict(zip(value.__struct_encode_fields__, values, strict=True))
    return {config.tag_field: config.tag, **fields} if config.tag is not None else fields


def _model_fields(value: Any) -> Any:
    return value.model_dump(by_alias=True)
