"""Documents to store, in the shape that dialogues have; no law depends on what is in them."""

from __future__ import annotations

from typing import Any, Final

PIZZA: Final[dict[str, Any]] = {"name": "Order:toppings", "data": {"size": "large", "toppings": ["ham"]}}
PASTA: Final[dict[str, Any]] = {"name": "Order:address", "data": {"dish": "penne", "portions": 2}}


def numbered(number: int) -> dict[str, Any]:
    """Return a document that tells itself from the others."""
    return {"name": "Order:size", "data": {"number": number}}
