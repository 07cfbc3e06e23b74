"""What newer Pythons have and the oldest supported one lacks."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

if sys.version_info >= (3, 12):
    from typing import override
elif TYPE_CHECKING:
    from typing_extensions import override
else:
    _Method = TypeVar("_Method", bound=Callable[..., object])

    def override(method: _Method) -> _Method:
        """Mark a method as overriding one of its base class (PEP 698); checked by mypy, free at run time."""
        return method


__all__ = ["override"]
