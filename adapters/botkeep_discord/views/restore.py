"""Bringing stored views back to life, each on its own: one bad row never stops the others."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from botkeep import CorruptDocumentError, DocumentError
from botkeep_discord.errors import NoMigrationError, ViewError
from botkeep_discord.views import classes
from botkeep_discord.views.message_checks import MessageLooks, Presence
from botkeep_discord.views.persistent import Persistent
from botkeep_discord.views.restorable import rebuilt

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

    from botkeep_discord.persistence import Persistence
    from botkeep_discord.views.rows import Row
    from botkeep_discord.views.summary import RestoreSummary

T = TypeVar("T")

CALLS_AT_ONCE: Final = 8
"""Calls to Discord under way at the same time."""

_log = logging.getLogger("botkeep.discord")


class _Stored(NamedTuple):
    """A stored view that a class is there for."""

    key: str
    row: Row
    view_class: type[Persistent]


class Restoring:
    """One run over the stored views of a client; what came of each goes into the summary.

    Args:
        persistence: the client's.
        summary: filled as the run goes on.
    """

    def __init__(self, persistence: Persistence, summary: RestoreSummary) -> None:
        self._persistence = persistence
        self._summary = summary
        self._looks = MessageLooks(persistence.client)
        self._restored: list[_Stored] = []

    async def attach(self) -> None:
        """Bring every view back without a call to Discord."""
        async for stored in self._candidates():
            await self._attach(stored, self._summary["restored"])
        self._ended()

    async def look_and_attach(self) -> None:
        """Look at each message, and bring back the views whose message is not known to be gone."""

        async def one(stored: _Stored) -> None:
            presence = await self._looks.look(stored.row)
            if presence is Presence.GONE:
                await self._remove(stored)
            else:
                there = presence is Presence.THERE
                await self._attach(stored, self._summary["restored"] if there else self._summary.unreachable)

        await _for_each([stored async for stored in self._candidates()], one)
        self._ended()

    async def look(self) -> None:
        """Look at the messages of the views that `attach` brought back; end those whose message is gone."""

        async def one(stored: _Stored) -> None:
            presence = await self._looks.look(stored.row)
            if presence is not Presence.THERE:
                self._summary["restored"].remove(stored.key)
            if presence is Presence.GONE:
                await self._remove(stored)
            elif presence is Presence.UNKNOWN:
                self._summary.unreachable.append(stored.key)

        await _for_each(self._restored, one)
        self._summary.sort()

    async def _candidates(self) -> AsyncIterator[_Stored]:
        async for key, row in self._persistence.rows.all():
            if key in self._persistence.alive:
                continue
            if isinstance(row, (DocumentError, CorruptDocumentError)):
                _log.error("the row of view %r cannot be read; it was left as it is: %s", key, row)
                self._summary["failed"].append(key)
            elif self._persistence.owns(row):
                self._persistence.know(key, row)
                view_class = classes.find(row.class_name)
                if view_class is not None and issubclass(view_class, Persistent):
                    yield _Stored(key, row, view_class)
                else:
                    _log.warning("view %r waits for its class %s to be imported", key, row.class_name)
                    self._summary["skipped"].append(key)

    async def _attach(self, stored: _Stored, list_: list[str]) -> None:
        try:
            await self._persistence.attach(_rebuilt(stored), stored.row)
        except NoMigrationError as exc:
            _log.warning("view %r is left as it is: %s", stored.key, exc)
            self._summary["skipped"].append(stored.key)
        except Exception:  # noqa: BLE001 # it is the author's code that is called, and the others must go on
            _log.exception("view %r of class %s could not be restored", stored.key, stored.row.class_name)
            self._summary["failed"].append(stored.key)
        else:
            list_.append(stored.key)
            self._restored.append(stored)

    async def _remove(self, stored: _Stored) -> None:
        await self._persistence.unregister(stored.key, stored.row.message_id)
        self._summary["removed"].append(stored.key)
        _log.info("view %r is gone with its message %s", stored.key, stored.row.message_id)

    def _ended(self) -> None:
        self._summary.sort()
        alive = [self._persistence.alive[stored.key] for stored in self._restored]
        told = [view for view in alive if type(view).on_restore is not Persistent.on_restore]
        if told:
            self._persistence.attend(_tell(told, self._persistence.client))


def _rebuilt(stored: _Stored) -> Persistent:
    view = rebuilt(stored.view_class, stored.key, stored.row.version, stored.row.keywords)
    if view.state_key != stored.key:
        raise ViewError(
            view,
            f"was sent as {stored.key!r}; the state key must follow from what the view is constructed with",
        )
    return view


async def _tell(views: Iterable[Persistent], client: Any) -> None:
    if hasattr(client, "wait_until_ready"):
        await client.wait_until_ready()
    for view in views:
        try:
            await view.on_restore(client)
        except Exception:  # noqa: BLE001 # as above
            _log.exception("on_restore of view %r failed; the view is alive all the same", view.state_key)


async def _for_each(things: Iterable[T], work: Callable[[T], Awaitable[None]]) -> None:
    waiting = iter(things)

    async def worker() -> None:
        for thing in waiting:
            await work(thing)

    workers = [asyncio.ensure_future(worker()) for _ in range(CALLS_AT_ONCE)]
    try:
        await asyncio.gather(*workers)
    finally:
        for task in workers:
            task.cancel()
