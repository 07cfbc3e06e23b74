"""Settings for the whole suite."""

from __future__ import annotations

from hypothesis import settings
from tests.servers.fixtures import *  # noqa: F403 # fixtures are found by their names

# Deadlines measure the machine, not the code.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")
