"""What an importer has found: held back until all of it has been read and checked."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

from botkeep._core.compat import override
from botkeep.errors import DocumentError, IdentifierError, MigrationError
from botkeep.migrate import Migration, OnProgress, migrate
from botkeep.storages.memory import MemoryStorage
from botkeep.ttl import NO_TTL

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from botkeep.abc import BaseStorage


class Arrivals(AbstractAsyncContextManager["Arrivals"]):
    """Documents on their way from a foreign place into a storage."""

    def __init__(self) -> None:
        self._waiting = MemoryStorage()
        self._expired = 0

    @override
    async def __aenter__(self) -> Self:
        await self._waiting.start()
        return self

    @override
    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._waiting.stop()

    async def add(
        self,
        key: str,
        document: Any,
        *,
        namespaces: tuple[str, ...] = (),
        identifier: str | None = None,
        seconds: float | None = None,
    ) -> None:
        """Take a document in.

        Args:
            key: its name in the foreign place, for errors.
            document: what to store.
            namespaces: where to store it: names, one in the other.
            identifier: likewise; None: the ``key``.
            seconds: what it has left to live; None: it never expires; 0 or less: it is gone, and counted.

        Raises:
            MigrationError: it cannot be stored, or another one goes to the same place.
        """
        if seconds is not None and seconds <= 0:
            self._expired += 1
            return
        place: BaseStorage = self._waiting
        try:
            for name in namespaces:
                place = place.namespace(name)
            ttl = NO_TTL if seconds is None else seconds
            added = await place.compare_and_set(identifier or key, document, expected=None, ttl=ttl)
        except (DocumentError, IdentifierError) as exc:
            raise refusal(key, str(exc)) from exc
        if not added:
            raise refusal(key, f"another document goes to {'/'.join((*namespaces, identifier or key))!r} too")

    async def deliver(
        self, target: BaseStorage, *, overwrite: bool, on_progress: OnProgress | None
    ) -> Migration:
        """Write what was taken in.

        Raises:
            MigrationError: see `botkeep.migrate.migrate`.
        """
        result = await migrate(self._waiting, target, on_progress=on_progress, overwrite=overwrite)
        result.expired += self._expired
        return result


def refusal(key: str, reason: str) -> MigrationError:
    """Return the error for a source with something in it that cannot be carried over."""
    return MigrationError([key], f"{key!r} cannot be imported: {reason}; nothing was imported")
