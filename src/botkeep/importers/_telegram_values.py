"""Plain values as `botkeep_ptb` writes them; it cannot be asked itself where its framework is missing."""

from __future__ import annotations

from typing import Any


def pack(value: Any) -> Any:
    """Return a document: what JSON has not is a dict of one key, ``{"@tuple": [1, 2]}``."""
    if isinstance(value, dict):
        return _packed_dict(value)
    if isinstance(value, list):
        return [pack(item) for item in value]
    if isinstance(value, (tuple, set, frozenset)):
        return {f"@{type(value).__name__}": [pack(item) for item in value]}
    return value


def _packed_dict(value: dict[Any, Any]) -> Any:
    plain = all(type(key) is str for key in value)
    if plain and not (len(value) == 1 and next(iter(value)).startswith("@")):
        return {key: pack(item) for key, item in value.items()}
    return {"@map": [[pack(key), pack(item)] for key, item in value.items()]}
