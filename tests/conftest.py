"""Settings for the whole suite."""

from __future__ import annotations

import pytest
from hypothesis import settings
from tests.packaging.extras import ChosenExtras
from tests.servers.fixtures import *  # noqa: F403 # fixtures are found by their names

# Deadlines measure the machine, not the code.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")


@pytest.fixture
def unmeasured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep coverage out of programs that the test starts: it imports modules and writes figures."""
    monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Say on the command line which extras are installed."""
    parser.addoption("--extras", metavar="NAMES", help="collect what these extras suffice for (default: all)")
    parser.addoption("--concerning", metavar="EXTRA", help="of those, collect only what needs this extra")


def pytest_configure(config: pytest.Config) -> None:
    """Leave out what ``--extras`` does not suffice for."""
    extras: str | None = config.getoption("--extras")
    if extras is not None:
        available = set(filter(None, extras.split(",")))
        config.pluginmanager.register(ChosenExtras(available, config.getoption("--concerning")))
