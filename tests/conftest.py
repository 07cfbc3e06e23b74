"""Settings for the whole suite."""

from __future__ import annotations

from hypothesis import settings

# Deadlines measure the machine, not the code.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")
