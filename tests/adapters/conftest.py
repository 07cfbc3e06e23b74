"""What the tests of all adapters share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.adapters.botapi.server import BotAPI

pytest.register_assert_rewrite("tests.adapters.botapi.pizza_bot")


@pytest.fixture
async def api() -> AsyncIterator[BotAPI]:
    """A local Bot API server."""
    async with BotAPI() as server:
        yield server
