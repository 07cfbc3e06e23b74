"""Updates of one user one after another, and the pictures of one album together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager

from botkeep import Ordering


class UpdateOrder:
    """Lets updates wait for each other.

    Telegram sends an album as one message for each picture, all with the same ``media_group_id``. Bots put
    them together by a handler that waits a moment for the others, so these do not wait for it: they are
    handled while the first one has the lock, and the next update waits for them all.

    Args:
        ordering: locks the key of a user.
    """

    def __init__(self, ordering: Ordering) -> None:
        self._ordering = ordering
        self._albums: dict[tuple[str, str], _Album] = {}

    @asynccontextmanager
    async def of(self, key: str, album_id: str | None = None) -> AsyncIterator[None]:
        """Wait until no earlier update of this key is handled, and keep later ones waiting inside the block.

        Args:
            key: whose update it is.
            album_id: the ``media_group_id`` of a picture; None: it is none.

        Raises:
            StorageUnavailableError: the lock is kept in a storage, which cannot be reached.
            LeaseLostError: at the end of the block: another process may have had the lock meanwhile.
        """
        if album_id is None:
            async with self._ordering.of(key):
                yield
            return
        album = await self._joined(key, album_id)
        if album is None:
            async with self._new_album(key, album_id):
                yield
        else:
            with album.leaving():
                yield

    async def _joined(self, key: str, album_id: str) -> _Album | None:
        """Wait until an earlier picture has the lock for all; None: there is none."""
        while (album := self._albums.get((key, album_id))) is not None:
            album.pictures += 1
            with album.leaving() as joining:
                if await asyncio.shield(album.locked):
                    joining.pop_all()
                    return album
        return None

    @asynccontextmanager
    async def _new_album(self, key: str, album_id: str) -> AsyncIterator[None]:
        album = self._albums[key, album_id] = _Album()
        try:
            async with self._ordering.of(key):
                album.locked.set_result(True)
                with album.leaving():
                    yield
                await album.until_empty()
                # Before the lock is let go: a picture that comes from now on needs one of its own.
                del self._albums[key, album_id]
        finally:
            if not album.locked.done():
                album.locked.set_result(False)
            if self._albums.get((key, album_id)) is album:
                del self._albums[key, album_id]


class _Album:
    """The pictures of one album that are being handled, or wait for the first one to get the lock."""

    def __init__(self) -> None:
        self.locked: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.pictures = 1
        self._left = asyncio.Event()

    @contextmanager
    def leaving(self) -> Iterator[ExitStack]:
        """Count one picture less at the end of the block, unless the stack was emptied."""
        with ExitStack() as stack:
            stack.callback(self._leave)
            yield stack

    def _leave(self) -> None:
        self.pictures -= 1
        self._left.set()

    async def until_empty(self) -> None:
        while self.pictures:
            self._left.clear()
            await self._left.wait()
