"""What the tests of all adapters share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.adapters.botapi.server import BotAPI

pytest.register_assert_rewrite("tests.adapters.botapi.pizza_bot")


@pytest.fixture(autouse=True)
def bots_in_processes_start_fast(unmeasured: None) -> None:
    """They are killed in the end and would leave no figures; importing a framework is slow enough."""


@pytest.fixture
async def api() -> AsyncIterator[BotAPI]:
    """A local Bot API server."""
    async with BotAPI() as server:
        yield server
