"""Copy one storage into another, with what lies in its namespaces and the time each document has left."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final, TypeAlias

from botkeep import documents
from botkeep._core.operations import CompareAndSet, Put
from botkeep.abc import BaseStorage
from botkeep.errors import MigrationError
from botkeep.hooks import Stored
from botkeep.patterns import Pattern, compile_pattern
from botkeep.ttl import Expiry

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
    on_progress: OnProgress | None = None,
    *,
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
        on_progress: called now and then.
        verify: read each document back and compare.
        overwrite: replace different documents that the target has; otherwise they are left and reported.

    Raises:
        MigrationError: the target holds other documents under some of the keys, or does not give back what
            was written. All else was copied.
    """
    await asyncio.gather(source._enter(), target._enter())
    move = _Move(source, target, compile_pattern(pattern), verify=verify, overwrite=overwrite)
    await move.run(on_progress or _silently)
    if move.result.refused:
        shown = ", ".join(move.result.refused[:_SHOWN])
        raise MigrationError(
            move.result.refused,
            f"the target holds other documents under {len(move.result.refused)} of the keys ({shown}); "
            "nothing of it was overwritten",
        )
    return move.result


def _silently(done: int, total: int) -> None:  # the shape of on_progress
    """Show no progress."""


class _Move:
    """One run of `migrate`."""

    def __init__(
        self, source: BaseStorage, target: BaseStorage, pattern: Pattern, *, verify: bool, overwrite: bool
    ) -> None:
        self.result = Migration()
        self._source = source
        self._target = target
        self._pattern = pattern
        self._verify = verify
        self._overwrite = overwrite

    async def run(self, on_progress: OnProgress) -> None:
        total = sum([len(page) async for _, page in self._pages()])
        done = 0
        async for path, page in self._pages():
            await self._copy_page(path, page)
            done += len(page)
            on_progress(done, max(done, total))

    async def _pages(self) -> AsyncIterator[tuple[str, Sequence[str]]]:
        """Yield (namespace inside the source, identifiers)."""
        for path in await self._paths():
            async for page in self._source.engine._scan(
                _joined(self._source._namespace, path), self._pattern.prefix
            ):
                yield path, list(filter(self._pattern.matches, page))

    async def _paths(self) -> list[str]:
        own = self._source._namespace
        start = f"{own}/" if own else ""
        paths = await self._source.engine._namespaces()
        inside = {path[len(start) :] for path in paths if path.startswith(start)}
        # An empty name marks Botkeep's own records, the locks: nobody holds them in the new place.
        return ["", *sorted(path for path in inside if path and "" not in path.split("/"))]

    async def _copy_page(self, path: str, page: Sequence[str]) -> None:
        # While the target writes one part, the source reads the next.
        parts = [page[start : start + _TOGETHER] for start in range(0, len(page), _TOGETHER)]
        ends = await asyncio.gather(*(self._copy(path, part) for part in parts), return_exceptions=True)
        for end in ends:
            if end is not None:
                raise end

    async def _copy(self, path: str, identifiers: Sequence[str]) -> None:
        found = await self._source.engine._get_many(_joined(self._source._namespace, path), identifiers)
        ahead = self._target.now() - self._source.now()
        here = {
            identifier: Stored(stored.value, stored.expires_at + ahead)
            for identifier, stored in zip(identifiers, found, strict=True)
            if stored is not None
        }
        self.result.expired += len(identifiers) - len(here)
        added = await self._target.engine._add_many(_joined(self._target._namespace, path), here)
        self.result.copied += sum(added)
        taken = [item for item, done in zip(here.items(), added, strict=True) if not done]
        await asyncio.gather(*(self._write(path, identifier, stored) for identifier, stored in taken))
        if self._verify:
            await self._check(path, here)

    async def _write(self, path: str, identifier: str, stored: Stored) -> None:
        namespace, expiry = _joined(self._target._namespace, path), Expiry(stored.expires_at, keep=False)
        swap = await self._target.engine._apply(
            namespace, identifier, CompareAndSet(stored.value, None, expiry)
        )
        if swap.done:
            self.result.copied += 1
        elif documents.same(swap.found, stored.value, identifier):
            self.result.present += 1
        elif self._overwrite:
            await self._target.engine._apply(namespace, identifier, Put(stored.value, expiry))
            self.result.copied += 1
        else:
            self.result.refused.append(_joined(path, identifier))

    async def _check(self, path: str, written: dict[str, Stored]) -> None:
        refused = set(self.result.refused)
        keys = [identifier for identifier in written if _joined(path, identifier) not in refused]
        found = await self._target.engine._get_many(_joined(self._target._namespace, path), keys)
        now = self._target.now()
        for identifier, copy in zip(keys, found, strict=True):
            value, expires_at = written[identifier]
            if expires_at > now and not documents.same(copy and copy.value, value, identifier):
                key = _joined(path, identifier)
                raise MigrationError([key], f"{key!r} reads differently in the target than it was written")


def _joined(namespace: str, name: str) -> str:
    return f"{namespace}/{name}" if namespace and name else namespace or name
