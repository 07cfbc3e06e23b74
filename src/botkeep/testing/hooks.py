"""What a test class tells the laws about its storage: how to make one, and how to go behind its back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import cached_property

import pytest_asyncio

from botkeep.abc import BaseStorage
from botkeep.testing.clock import FakeClock


class StorageUnderTest:
    """The base of every family of laws. pytest makes a new object of the class for each test.

    (Not an abstract class: pytest passes those over in silence.)

    `create`, `raw_read` and `raw_write` are yours to write; `another` and `advance` where the engine asks for
    it. What the engine needs for itself (a folder, a server) is a fixture of your class.
    """

    @cached_property
    def clock(self) -> FakeClock:
        """The clock that `advance` moves; `create` gives it to the storage."""
        return FakeClock()

    def create(self, *, default_ttl: float | None = None) -> BaseStorage:
        """Return a new storage object, not yet open, over the engine that belongs to this test.

        Keep only weak references to it: one law forgets a storage on purpose.
        """
        raise NotImplementedError("a test class of a storage has to write create()")

    async def raw_read(self, namespace: str, identifier: str) -> bytes | None:
        """Read what is stored, without the storage; None when there is nothing.

        Args:
            namespace: as the storage's hooks get it: "" for the storage itself.
            identifier: the key.
        """
        raise NotImplementedError("a test class of a storage has to write raw_read()")

    async def raw_write(self, namespace: str, identifier: str, value: bytes) -> None:
        """Store these bytes, which may be no document at all, without the storage; they never expire."""
        raise NotImplementedError("a test class of a storage has to write raw_write()")

    def another(self, storage: BaseStorage) -> BaseStorage:  # noqa: ARG002 # an override may return it
        """Return a second storage object on the same documents, as another process has one.

        An engine whose documents live inside the object returns ``storage`` itself.
        """
        return self.create()

    async def advance(self, seconds: float) -> None:
        """Make documents older by so many seconds.

        An engine with a clock of its own moves the expiries instead.
        """
        self.clock.advance(seconds)

    @pytest_asyncio.fixture(loop_scope="function")
    async def storage(self) -> AsyncIterator[BaseStorage]:
        """A storage that is open, and empty."""
        async with self.create() as storage:
            yield storage

    @pytest_asyncio.fixture(loop_scope="function")
    async def other(self, storage: BaseStorage) -> AsyncIterator[BaseStorage]:
        """The same documents through another storage object."""
        other = self.another(storage)
        yield other
        await other.stop()
