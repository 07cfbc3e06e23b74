"""Copy one storage into another, with what lies in its namespaces and the time each document has left."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Final, TypeAlias, TypeVar

from botkeep import documents
from botkeep.abc import BaseStorage, check_storage
from botkeep.errors import CorruptDocumentError, MigrationError
from botkeep.hooks import CompareAndSet, Operation, Put, Stored, Swap
from botkeep.patterns import Pattern, compile_pattern
from botkeep.ttl import Expiry

T = TypeVar("T")

OnProgress: TypeAlias = "Callable[[int, int], None]"
"""Takes how many documents are dealt with and how many there are."""

_TOGETHER: Final = 250
"""Documents that are read and written at once: they share their trips to both engines."""

_SHOWN: Final = 20


@dataclasses.dataclass
class Migration:
    """What `migrate` did.

    Attributes:
        copied: documents written to the target.
        present: documents that the target had already, equal: an earlier run was interrupted.
        expired: documents that ended between listing and reading.
        refused: keys, as ``namespace/identifier``, where the target holds something else; left as they are.
        left_out: keys of a foreign source that cannot be stored, left out as was asked for.
    """

    copied: int = 0
    present: int = 0
    expired: int = 0
    refused: list[str] = dataclasses.field(default_factory=list)
    left_out: list[str] = dataclasses.field(default_factory=list)

    def __str__(self) -> str:
        text = f"{self.copied} copied, {self.present} already there, {self.expired} expired meanwhile"
        if not self.left_out:
            return text
        return f"{text}, {len(self.left_out)} left out: {', '.join(map(repr, self.left_out))}"


async def migrate(
    source: BaseStorage,
    target: BaseStorage,
    pattern: str = "*",
    *,
    on_progress: OnProgress | None = None,
    verify: bool = True,
    overwrite: bool = False,
) -> Migration:
    """Copy the documents that match, counters among them, from one storage or namespace into another.

    Documents in namespaces go along; the pattern is held against each identifier. Locks stay behind. A run
    that was interrupted is taken up by running it again. Stop the bot first: what it writes meanwhile may be
    missing.

    Args:
        source: where from; not changed.
        target: where to.
        pattern: which identifiers, in the dialect of `botkeep.patterns`.
        on_progress: called now and then, with how many documents are dealt with and how many there are.
        verify: read each document back and compare.
        overwrite: replace different documents that the target has; otherwise they are left and reported.

    Raises:
        TypeError: one of them is no storage, or the pattern no str.
        MigrationError: the target holds other documents under some of the keys, or the source damaged ones:
            all else was copied. Or the target does not give back what was written.
    """
    check_storage(source, "source")
    check_storage(target, "target")
    await asyncio.gather(source._enter(), target._enter())  # noqa: SLF001 # an engine's hook, or where a view begins
    move = _Move(
        _Documents(source), _Documents(target), compile_pattern(pattern), verify=verify, overwrite=overwrite
    )
    await move.run(on_progress or _silently)
    move.raise_for_keys()
    return move.result


def _silently(done: int, total: int) -> None:  # the shape of on_progress
    """Show no progress."""


class _Documents:
    """What lies in a storage or namespace, as bytes; ``path`` is a namespace inside it, "" itself."""

    def __init__(self, storage: BaseStorage) -> None:
        self.now = storage.now
        self._engine = storage.engine
        self._root = storage._namespace  # noqa: SLF001 # an engine's hook, or where a view begins

    async def paths(self) -> list[str]:
        start = f"{self._root}/" if self._root else ""
        paths = await self._engine._namespaces()  # noqa: SLF001 # an engine's hook, or where a view begins
        inside = {path[len(start) :] for path in paths if path.startswith(start)}
        # An empty name marks Botkeep's own records, the locks: nobody holds them in the new place.
        return ["", *sorted(path for path in inside if path and "" not in path.split("/"))]

    def scan(self, path: str, prefix: str) -> AsyncIterator[Sequence[str]]:
        return self._engine._scan(_joined(self._root, path), prefix)  # noqa: SLF001 # an engine's hook, or where a view begins

    async def read(self, path: str, identifiers: Sequence[str]) -> list[Stored | None]:
        return await self._engine._get_many(_joined(self._root, path), identifiers)  # noqa: SLF001 # an engine's hook, or where a view begins

    async def add(self, path: str, absent: Mapping[str, Stored]) -> list[bool]:
        return await self._engine._add_many(_joined(self._root, path), absent)  # noqa: SLF001 # an engine's hook, or where a view begins

    async def apply(self, path: str, identifier: str, operation: Operation[T]) -> T:
        return await self._engine._apply(_joined(self._root, path), identifier, operation)  # noqa: SLF001 # an engine's hook, or where a view begins


class _Move:
    """One run of `migrate`."""

    def __init__(
        self, source: _Documents, target: _Documents, pattern: Pattern, *, verify: bool, overwrite: bool
    ) -> None:
        self.result = Migration()
        self._source = source
        self._target = target
        self._pattern = pattern
        self._verify = verify
        self._overwrite = overwrite
        self._damaged: dict[str, CorruptDocumentError] = {}

    async def run(self, on_progress: OnProgress) -> None:
        total = sum([len(page) async for _, page in self._pages()])
        done = 0
        async for path, page in self._pages():
            await self._copy_page(path, page)
            done += len(page)
            on_progress(done, max(done, total))

    def raise_for_keys(self) -> None:
        """Raise if some of the keys were not copied."""
        reasons = []
        if self.result.refused:
            reasons.append(
                f"the target holds other documents under {_counted(self.result.refused)}; nothing of it was "
                "overwritten: overwrite=True (--overwrite) does"
            )
        if self._damaged:
            reasons.append(f"the source cannot be read under {_counted(list(self._damaged))}")
        if reasons:
            error = MigrationError(
                [*self.result.refused, *self._damaged], f"{'; '.join(reasons)}; all else was copied"
            )
            raise error from next(iter(self._damaged.values()), None)

    async def _pages(self) -> AsyncIterator[tuple[str, Sequence[str]]]:
        """Yield (namespace inside the source, identifiers)."""
        for path in await self._source.paths():
            async for page in self._source.scan(path, self._pattern.prefix):
                yield path, list(filter(self._pattern.matches, page))

    async def _copy_page(self, path: str, page: Sequence[str]) -> None:
        # While the target writes one part, the source reads the next.
        parts = [page[start : start + _TOGETHER] for start in range(0, len(page), _TOGETHER)]
        ends = await asyncio.gather(*(self._copy(path, part) for part in parts), return_exceptions=True)
        for end in ends:
            if end is not None:
                raise end

    async def _copy(self, path: str, identifiers: Sequence[str]) -> None:
        try:
            found = await self._source.read(path, identifiers)
        except CorruptDocumentError as exc:
            if len(identifiers) == 1:
                self._damaged[_joined(path, identifiers[0])] = exc
            else:
                for identifier in identifiers:
                    await self._copy(path, [identifier])
            return
        await self._write(path, dict(zip(identifiers, found, strict=True)))

    async def _write(self, path: str, found: Mapping[str, Stored | None]) -> None:
        ahead = self._target.now() - self._source.now()
        here = {
            identifier: Stored(stored.value, stored.expires_at + ahead)
            for identifier, stored in found.items()
            if stored is not None
        }
        self.result.expired += len(found) - len(here)
        added = await self._target.add(path, here)
        self.result.copied += sum(added)
        taken = [item for item, done in zip(here.items(), added, strict=True) if not done]
        await asyncio.gather(*(self._write_over(path, identifier, stored) for identifier, stored in taken))
        if self._verify:
            await self._check(path, here)

    async def _write_over(self, path: str, identifier: str, stored: Stored) -> None:
        """Write where the target had something a moment ago."""
        expiry = Expiry(stored.expires_at, keep=False)
        try:
            swap = await self._target.apply(path, identifier, CompareAndSet(stored.value, None, expiry))
        except CorruptDocumentError:
            # What cannot be read is another document.
            swap = Swap(done=False, found=None)
        if swap.done:
            self.result.copied += 1
        elif _same(swap.found, stored.value):
            self.result.present += 1
        elif self._overwrite:
            await self._target.apply(path, identifier, Put(stored.value, expiry))
            self.result.copied += 1
        else:
            self.result.refused.append(_joined(path, identifier))

    async def _check(self, path: str, written: dict[str, Stored]) -> None:
        refused = set(self.result.refused)
        keys = [identifier for identifier in written if _joined(path, identifier) not in refused]
        found = await self._target.read(path, keys)
        now = self._target.now()
        for identifier, copy in zip(keys, found, strict=True):
            value, expires_at = written[identifier]
            if expires_at > now and not _same(copy and copy.value, value):
                key = _joined(path, identifier)
                raise MigrationError([key], f"{key!r} reads differently in the target than it was written")


def _same(one: bytes | None, other: bytes | None) -> bool:
    try:
        return documents.same(one, other)
    except CorruptDocumentError:
        return False


def _joined(namespace: str, name: str) -> str:
    return f"{namespace}/{name}" if namespace and name else namespace or name


def _counted(keys: Sequence[str]) -> str:
    more = ", ..." if len(keys) > _SHOWN else ""
    return f"{len(keys)} of the keys ({', '.join(keys[:_SHOWN])}{more})"
