"""Live objects that survive: in a file of their own, or backed up in a cycle."""

from __future__ import annotations

from holdfast.objects.profiles import profile_path
from holdfast.objects.stateful import StatefulObject

__all__ = ["StatefulObject", "profile_path"]
