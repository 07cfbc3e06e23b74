"""The documents that an importer has found: held back until all of the source has been read."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, TypedDict

from botkeep._core.compat import override
from botkeep.errors import DocumentError, IdentifierError, MigrationError
from botkeep.migrate import Migration, OnProgress, migrate
from botkeep.storages.memory import MemoryStorage
from botkeep.ttl import NO_TTL

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from botkeep.abc import BaseStorage


class ImportSettings(TypedDict, total=False):
    """Keywords that every importer takes.

    Attributes:
        overwrite: replace different documents that the target has; False: they stay, and are reported.
        on_progress: see `botkeep.migrate.migrate`.
        rename: identifiers by foreign key, for documents that cannot keep theirs.
        leave_out: what cannot be stored is left out and named in ``Migration.left_out``; False: it is too,
            and `MigrationError` is raised after all else was written.
    """

    overwrite: bool
    on_progress: OnProgress | None
    rename: Mapping[str, str]
    leave_out: bool


class StagedDocuments(AbstractAsyncContextManager["StagedDocuments"]):
    """Documents on their way from a foreign place into a storage.

    A document that cannot be stored does not keep the others back: see ``leave_out``.

    Args:
        overwrite: see `ImportSettings`, as for the others.
        on_progress: called while documents are written.
        rename: identifiers by foreign key.
        leave_out: whether documents that cannot be stored are no error.
    """

    def __init__(
        self,
        *,
        overwrite: bool = False,
        on_progress: OnProgress | None = None,
        rename: Mapping[str, str] | None = None,
        leave_out: bool = False,
    ) -> None:
        self._staging = MemoryStorage()
        self._overwrite = overwrite
        self._on_progress = on_progress
        self._rename = rename or {}
        self._leave_out = leave_out
        self._refused: dict[str, str] = {}
        self._seen: set[str] = set()
        self._expired = 0

    @override
    async def __aenter__(self) -> Self:
        await self._staging.start()
        return self

    @override
    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._staging.stop()

    async def stage(
        self,
        key: str,
        document: Any,
        *,
        namespaces: tuple[str, ...] = (),
        identifier: str | None = None,
        seconds: Any = None,
    ) -> None:
        """Hold a document back; one that cannot be stored is refused.

        Args:
            key: its name in the foreign place, for errors and for ``rename``.
            document: what to store.
            namespaces: where to store it: names, one in the other.
            identifier: under which identifier, unless it is renamed; None: the ``key``.
            seconds: what it has left to live; None: it never expires; 0 or less: it is gone, and counted;
                what is no number is refused.
        """
        self._seen.add(key)
        if seconds is not None and not isinstance(seconds, (int, float)):
            self.refuse(key, f"its time to live is no number but {seconds!r}")
            return
        if seconds is not None and not seconds > 0:
            self._expired += 1
            return
        name = self._rename.get(key, key if identifier is None else identifier)
        place: BaseStorage = self._staging
        try:
            for namespace in namespaces:
                place = place.namespace(namespace)
            ttl = NO_TTL if seconds is None or seconds == math.inf else seconds
            added = await place.compare_and_set(name, document, expected=None, ttl=ttl)
        except (DocumentError, IdentifierError) as exc:
            self.refuse(key, str(exc))
            return
        if not added:
            self.refuse(key, f"another document goes to {'/'.join((*namespaces, name))!r} too")

    def note(self, key: str) -> None:
        """Note a key that the source has, for formats that make one document of several keys."""
        self._seen.add(key)

    def refuse(self, key: str, reason: str) -> None:
        """Leave something behind that cannot be carried over; the other documents are written all the same.

        Args:
            key: its name in the foreign place.
            reason: why, for the error.
        """
        self._seen.add(key)
        self._refused[key] = reason

    async def write_to(self, target: BaseStorage) -> Migration:
        """Write what was staged.

        Raises:
            MigrationError: something was refused, or the target holds other documents under some of the keys
                (see `botkeep.migrate.migrate`): all else was written. Or ``rename`` has keys that the source
                has not: nothing was.
        """
        unknown = sorted(self._rename.keys() - self._seen)
        if unknown:
            names = ", ".join(map(repr, unknown))
            raise MigrationError(unknown, f"there is nothing to rename under {names}; nothing was imported")
        left = {} if self._leave_out else self._refused
        try:
            result = await migrate(
                self._staging, target, on_progress=self._on_progress, overwrite=self._overwrite
            )
        except MigrationError as exc:
            if not left:
                raise
            raise MigrationError([*exc.keys, *left], f"{exc}; {_described(left)}") from exc
        if left:
            raise MigrationError(list(left), f"{_described(left)}; {result.copied} others were imported")
        result.expired += self._expired
        result.left_out += self._refused
        return result


_SHOWN = 20


def _described(refused: Mapping[str, str]) -> str:
    shown = [f"{key!r}: {reason}" for key, reason in list(refused.items())[:_SHOWN]]
    more = "" if len(refused) <= _SHOWN else f", and {len(refused) - _SHOWN} more"
    return (
        f"{len(refused)} of the keys cannot be imported ({'; '.join(shown)}{more}): "
        "rename them (rename=, --rename), or leave them out (leave_out=True, --leave-out)"
    )


def import_error(key: str, reason: str) -> MigrationError:
    """Return the error for a source that is not what it was said to be, so that nothing is imported."""
    return MigrationError([key], f"{key!r} cannot be imported: {reason}; nothing was imported")
