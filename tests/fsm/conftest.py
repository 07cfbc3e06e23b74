"""The storages, the clock and the states that dialogues are tested with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from botkeep import MemoryStorage, SQLiteStorage
from botkeep.abc import BaseStorage
from botkeep.fsm import FSMContext, StateKey
from botkeep.testing import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=["memory", "sqlite"])
async def storage(
    request: pytest.FixtureRequest, clock: FakeClock, tmp_path: Path
) -> AsyncIterator[BaseStorage]:
    storages: dict[str, BaseStorage] = {
        "memory": MemoryStorage(clock=clock),
        "sqlite": SQLiteStorage(tmp_path / "dialogues.db", clock=clock),
    }
    async with storages[request.param] as storage:
        yield storage


@pytest.fixture
def key() -> StateKey:
    return StateKey(bot_id=42, chat_id=-100, user_id=7)


@pytest.fixture
def context(storage: BaseStorage, key: StateKey) -> FSMContext:
    return FSMContext(storage, key)
