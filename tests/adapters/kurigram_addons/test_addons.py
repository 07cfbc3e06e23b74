"""kurigram-addons 0.5.1 itself, unchanged, on Botkeep's storages."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from kurigram_addons import KurigramClient  # type: ignore[import-untyped] # it ships no types
from pyrogram_patch.fsm.context import FSMContext  # type: ignore[import-untyped] # likewise
from pyrogram_patch.fsm.filter import StateFilter  # type: ignore[import-untyped] # likewise
from tests.adapters.pyrogram.offline import ACCOUNT, Offline

from botkeep import BaseStorage, MemoryStorage, SQLiteStorage, StorageClosedError
from botkeep_pyrogram import for_kurigram_addons


class OfflineKurigram(Offline, KurigramClient):
    """kurigram-addons' client, offline."""


@pytest.fixture(params=["memory", "sqlite"])
async def storage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[BaseStorage]:
    opened = MemoryStorage() if request.param == "memory" else SQLiteStorage(tmp_path / "fsm.db")
    yield opened
    await opened.stop()


async def test_its_contexts_keep_all_fields_of_fifty_writers(storage: BaseStorage) -> None:
    addons = for_kurigram_addons(storage)
    await FSMContext(addons, "chat:7").set_state("Order:size")
    # Its own loop of compare-and-set gives up after ten conflicts; one process at a time makes few of them.
    for number in range(50):
        await FSMContext(addons, "chat:7").update_data(**{f"f{number}": number})

    assert len(await FSMContext(addons, "chat:7").get_data()) == 50
    assert await FSMContext(addons, "chat:7").get_state() == "Order:size"


async def test_one_of_its_two_writers_wins(storage: BaseStorage) -> None:
    addons = for_kurigram_addons(storage)
    swaps = [addons.compare_and_set("k", {"name": str(n)}, expected_state=None) for n in range(2)]

    assert sorted(await asyncio.gather(*swaps)) == [False, True]


async def test_its_ttl_of_zero_is_none(storage: BaseStorage) -> None:
    addons = for_kurigram_addons(storage)
    await addons.set_state("k", {"name": "a"}, ttl=0)
    await addons.increment("n", ttl=60)

    assert await storage.get_ttl("k") == math.inf
    assert 0 < (await storage.get_ttl("n") or 0) <= 60


async def test_its_client_opens_uses_and_closes_the_storage(storage: BaseStorage) -> None:
    app: Any = OfflineKurigram("test", storage=for_kurigram_addons(storage), **ACCOUNT)
    app.loop = asyncio.get_running_loop()
    log = []

    @app.on_message(StateFilter("Order:size"))
    async def size(client: Any, message: Any) -> None:
        log.append(message.text)

    await storage.set_state("chat:7", {"name": "Order:size", "data": {}})
    await app.begin()
    await app.say("large", user=7)
    await app.say("large", user=8)
    await app.stop()

    assert log == ["large"]
    with pytest.raises(StorageClosedError):
        await storage.get_state("chat:7")
