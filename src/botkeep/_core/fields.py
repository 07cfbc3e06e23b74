"""What a dataclass, a msgspec Struct or a pydantic model holds, by the names that it is read by."""

from __future__ import annotations

import dataclasses
from typing import Any

from botkeep.errors import DocumentError


def fields_of(value: Any, *, by_alias: bool = True) -> Any:
    """Return what the value holds, most often a dict; None when it is none of the three.

    Args:
        value: perhaps a dataclass, a Struct or a model.
        by_alias: a model's fields have their aliases for names, where they have one; False: their own names.
    """
    kind = type(value)
    if isinstance(value, type):
        return None
    if dataclasses.is_dataclass(kind):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(kind)}
    if hasattr(kind, "__struct_config__"):
        return _struct_fields(value)
    return _model_fields(value, by_alias=by_alias) if is_model(value) else None


def is_model(value: Any) -> bool:
    """Whether it is an instance of a pydantic model."""
    kind = type(value)
    if isinstance(value, type) or dataclasses.is_dataclass(kind):
        return False
    return hasattr(kind, "__pydantic_validator__") and hasattr(kind, "model_dump")


def _struct_fields(value: Any) -> Any:
    config = value.__struct_config__
    values = [getattr(value, name) for name in value.__struct_fields__]
    if config.array_like:
        return [config.tag, *values] if config.tag is not None else values
    fields = dict(zip(value.__struct_encode_fields__, values, strict=True))
    return {config.tag_field: config.tag, **fields} if config.tag is not None else fields


def _model_fields(value: Any, *, by_alias: bool) -> Any:
    try:
        # A round trip leaves out computed fields, which models that forbid extras refuse. Whatever pydantic
        # would warn of shows when the model is read back.
        return value.model_dump(by_alias=by_alias, round_trip=True, warnings=False)
    except ValueError as exc:
        if "depth" not in str(exc):
            raise
        # Deeper than pydantic goes. The walk that asks is to find the place.
        return {name: getattr(value, name) for name in type(value).model_fields}


def validated(kind: Any, document: Any) -> Any:
    """Return the document as a pydantic model, from its aliases or else from the names of its fields.

    Raises:
        DocumentError: it does not fit; the error names the field.
    """
    try:
        return kind.model_validate(document)
    except ValueError as exc:
        try:
            return kind.model_validate(document, by_name=True)
        except (TypeError, ValueError):  # TypeError: pydantic before 2.11
            raise _misfit(kind, exc) from exc


def _misfit(kind: Any, error: ValueError) -> DocumentError:
    first = getattr(error, "errors", lambda: [{"loc": (), "msg": str(error)}])()[0]
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"])
    return DocumentError(path.removeprefix("."), f"{first['msg']}, for {kind.__name__}")
