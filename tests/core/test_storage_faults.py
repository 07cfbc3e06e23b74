"""The kit that makes a storage fail on command covers every hook, whatever is added to them."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from botkeep import MemoryStorage, OutcomeUnknownError, StorageUnavailableError
from botkeep.hooks import READS, EngineWrapper, StorageHooks
from botkeep.testing.storage_faults import FaultyEngine

HOOKS = {name for name, member in vars(StorageHooks).items() if inspect.isfunction(member)}


def test_a_wrapper_passes_on_every_hook() -> None:
    assert set(vars(EngineWrapper)) >= HOOKS
    assert READS <= HOOKS


async def test_every_call_of_a_storage_that_is_down_fails() -> None:
    async with MemoryStorage() as memory:
        faults = FaultyEngine(memory)
        storage = faults.storage
        calls: list[Callable[[], Awaitable[Any]]] = [
            lambda: storage.get_state("order"),
            lambda: storage.set_state("order", 1),
            lambda: storage.delete_state("order"),
            lambda: storage.compare_and_set("order", 1, expected=None),
            lambda: storage.increment("order"),
            lambda: storage.touch("order", ttl=1),
            lambda: storage.get_ttl("order"),
            lambda: storage.exists("order"),
            storage.list_keys,
            storage.list_namespaces,
            storage.clear_namespace,
            lambda: storage.update("order", lambda _: 1),
            lambda: storage.namespace("inner").get_state("order"),
        ]
        faults.fail()
        for call in calls:
            with pytest.raises(StorageUnavailableError):
                await call()
        health = await storage.health()
        faults.heal()

        assert not health
        assert await storage.list_keys() == []


async def test_a_write_whose_reply_is_lost_has_happened() -> None:
    async with MemoryStorage() as memory:
        faults = FaultyEngine(memory)
        faults.lose_replies(times=1)
        with pytest.raises(OutcomeUnknownError):
            await faults.storage.set_state("order", 1)

        assert await faults.storage.get_state("order") == 1
