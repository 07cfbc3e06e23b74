"""Objects whose attributes are kept in a file of their own."""

from __future__ import annotations

from botkeep.objects.stateful.profiles import profile_path
from botkeep.objects.stateful.stateful_object import StatefulObject

__all__ = ["StatefulObject", "profile_path"]
