"""A backend of the user's own keeps every law of a storage, also when it fails."""

from __future__ import annotations

import asyncio
import json
import math
import weakref
from functools import cached_property
from typing import Any

import pytest

from botkeep import BaseStorage, MemoryStorage, OutcomeUnknownError, StorageUnavailableError
from botkeep.hooks import Put
from botkeep.testing import StorageContract
from botkeep.ttl import Expiry
from botkeep_discord import setup_persistence
from botkeep_discord.backends.custom import BackendStorage


class InMemory:
    """A backend of a user's own that keeps JSON text.

    Attributes:
        saves: how often it was saved.
        error: what every call raises.
        refuses: saving does nothing and returns False.
    """

    def __init__(self) -> None:
        self.text = "{}"
        self.saves = 0
        self.error: Exception | None = None
        self.refuses = False

    async def save_state(self, state: dict[str, Any]) -> bool:
        await asyncio.sleep(0)
        self.saves += 1
        if self.error:
            raise self.error
        if not self.refuses:
            self.text = json.dumps(state)
        return not self.refuses

    async def load_state(self) -> dict[str, Any]:
        if self.error:
            raise self.error
        state: dict[str, Any] = json.loads(self.text)
        return state


class TestBackendStorage(StorageContract):
    @cached_property
    def backend(self) -> InMemory:
        return InMemory()

    def create(self, *, default_ttl: float | None = None) -> BackendStorage:
        storage = BackendStorage(self.backend, default_ttl=default_ttl, clock=self.clock)
        self.engine = weakref.ref(storage)
        return storage

    def another(self, storage: BaseStorage) -> BaseStorage:
        return storage

    async def raw_read(self, namespace: str, identifier: str) -> bytes | None:
        engine = self.engine()
        assert engine is not None
        return await MemoryStorage._get(engine, namespace, identifier)

    async def raw_write(self, namespace: str, identifier: str, value: bytes) -> None:
        engine = self.engine()
        assert engine is not None
        await MemoryStorage._apply(engine, namespace, identifier, Put(value, Expiry(math.inf, keep=False)))


async def test_a_backend_that_fails_to_load_is_an_error() -> None:
    backend = InMemory()
    backend.error = OSError("no disk")
    with pytest.raises(StorageUnavailableError, match="could not be loaded: OSError"):
        await setup_persistence(backend=backend)


@pytest.mark.parametrize(
    ("refuses", "error", "kind"),
    [(True, None, StorageUnavailableError), (False, OSError("disk full"), OutcomeUnknownError)],
    ids=["returns False", "raises"],
)
async def test_a_change_that_was_not_saved_has_not_happened(
    refuses: bool, error: Exception | None, kind: type
) -> None:
    backend = InMemory()
    async with BackendStorage(backend) as storage:
        await storage.set_state("key", 1)
        backend.refuses, backend.error = refuses, error
        failures = await asyncio.gather(
            storage.increment("key"), storage.set_state("other", 1), return_exceptions=True
        )
        backend.refuses, backend.error = False, None
        kept = await storage.get_state("key")
        total = await storage.increment("key")
        keys = await storage.list_keys()

    assert [type(failure) for failure in failures] == [kind, kind]
    assert (kept, total, keys) == (1, 2, ["key"])
    assert json.loads(backend.text) == {"documents": {"": {"key": {"document": 2}}}}


async def test_changes_made_at_once_are_saved_together() -> None:
    backend = InMemory()
    async with BackendStorage(backend) as storage:
        await asyncio.gather(*(storage.increment("key") for _ in range(100)))

    assert json.loads(backend.text)["documents"][""]["key"]["document"] == 100
    assert backend.saves <= 3


async def test_what_changes_nothing_is_not_saved() -> None:
    backend = InMemory()
    async with BackendStorage(backend) as storage:
        await storage.delete_state("key")
        await storage.clear_namespace()

    assert backend.saves == 0


async def test_what_the_owner_has_in_the_state_stays_there() -> None:
    backend = InMemory()
    backend.text = '{"application": {"theme": "dark"}}'
    async with BackendStorage(backend) as storage:
        await storage.set_state("key", 1)

    assert json.loads(backend.text)["application"] == {"theme": "dark"}
