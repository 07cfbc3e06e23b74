"""Bringing stored views back to life, each on its own: one bad row never stops the others."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from botkeep import CorruptDocumentError, DocumentError
from botkeep_discord.errors import NoMigrationError
from botkeep_discord.views import classes
from botkeep_discord.views.live_views import LiveViews
from botkeep_discord.views.message_checks import MessageChecker, MessageStatus
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
    """A stored view; a class is there for it, unless it has stopped."""

    key: str
    row: Row
    view_class: type[Persistent] | None


class ViewRestorer:
    """One run over the stored views of a client; what came of each goes into the summary.

    Args:
        persistence: the client's.
        summary: filled as the run goes on.
    """

    def __init__(self, persistence: Persistence, summary: RestoreSummary) -> None:
        self._persistence = persistence
        self._views = persistence.part(LiveViews)
        self._summary = summary
        self._checker = MessageChecker(persistence.client)
        self._seen: list[_Stored] = []

    async def attach(self) -> None:
        """Bring every view back without a call to Discord."""
        async for stored in self._candidates():
            await self._attach(stored, self._summary["restored"])
        self._finish()

    async def check_and_attach(self) -> None:
        """Check each message, and bring back the views whose message is not known to be deleted."""

        async def one(stored: _Stored) -> None:
            status = await self._checker.check(stored.row)
            if status is MessageStatus.DELETED:
                await self._remove(stored)
            else:
                exists = status is MessageStatus.EXISTS
                await self._attach(stored, self._summary["restored"] if exists else self._summary.unreachable)

        await _for_each([stored async for stored in self._candidates()], one)
        self._finish()

    async def check(self) -> None:
        """Check the messages of the views that `attach` has seen; remove those whose message is deleted."""

        async def one(stored: _Stored) -> None:
            status = await self._checker.check(stored.row)
            if status is MessageStatus.DELETED:
                await self._remove(stored)
            elif status is MessageStatus.UNKNOWN and stored.view_class is not None:
                self._summary.move_from_restored(stored.key, self._summary.unreachable)

        await _for_each(self._seen, one)
        self._summary.sort()

    async def _candidates(self) -> AsyncIterator[_Stored]:
        async for key, row in self._views.rows.all():
            if self._views.find(key) is not None:
                continue
            if isinstance(row, (DocumentError, CorruptDocumentError)):
                _log.error("the row of view %r cannot be read; it was left as it is: %s", key, row)
                self._summary["failed"].append(key)
            elif self._views.owns(row):
                self._views.message_index.add(key, row)
                if row.stopped:
                    yield _Stored(key, row, None)
                    continue
                view_class = classes.find(row.class_name)
                if view_class is not None and issubclass(view_class, Persistent):
                    yield _Stored(key, row, view_class)
                else:
                    _log.warning("view %r waits for its class %s to be imported", key, row.class_name)
                    self._summary["skipped"].append(key)

    async def _attach(self, stored: _Stored, list_: list[str]) -> None:
        if stored.view_class is None:
            self._seen.append(stored)
            return
        if not self._views.is_at(stored.key, stored.row.message_id):
            await self._views.unregister(stored.key, stored.row.message_id)
            self._summary["removed"].append(stored.key)
            return
        try:
            view = rebuilt(stored.view_class, stored.key, stored.row.version, stored.row.keywords)
            await self._views.attach(view, stored.row)
        except NoMigrationError as exc:
            _log.warning("view %r is left as it is: %s", stored.key, exc)
            self._summary["skipped"].append(stored.key)
        except Exception:  # noqa: BLE001 # it is the author's code that is called, and the others must go on
            _log.exception("view %r of class %s could not be restored", stored.key, stored.row.class_name)
            self._summary["failed"].append(stored.key)
        else:
            list_.append(stored.key)
            self._seen.append(stored)

    async def _remove(self, stored: _Stored) -> None:
        await self._views.unregister(stored.key, stored.row.message_id, forget_state=True)
        if stored.view_class is not None:
            self._summary.move_from_restored(stored.key, self._summary["removed"])
        _log.info("view %r is gone with its message %s", stored.key, stored.row.message_id)

    def _finish(self) -> None:
        self._summary.sort()
        # A view may have ended meanwhile: a click, or a message that was deleted.
        alive = [view for stored in self._seen if (view := self._views.find(stored.key)) is not None]
        to_notify = [
            view
            for view in alive
            if isinstance(view, Persistent) and type(view).on_restore is not Persistent.on_restore
        ]
        if to_notify:
            self._persistence.watch(_notify(to_notify, self._persistence.client))


async def _notify(views: Iterable[Persistent], client: Any) -> None:
    if hasattr(client, "wait_until_ready"):
        await client.wait_until_ready()
    for view in views:
        try:
            await view.on_restore(client)
        except Exception:  # noqa: BLE001 # as above
            _log.exception("on_restore of view %r failed; the view is alive all the same", view.state_key)


async def replace_outdated(persistence: Persistence) -> None:
    """Have views and modals of classes that were loaded anew answer with the new code.

    One that the new class cannot make goes on with the old code, and is logged.
    """
    views = persistence.part(LiveViews)
    for view in views.all():
        newest = classes.find(classes.name_of(type(view)))
        row = view.persistent_record.row
        if row is None or newest is None or newest is type(view) or not issubclass(newest, Persistent):
            continue
        try:
            await views.attach(rebuilt(newest, view.state_key, row.version, row.keywords), row)
        except Exception:  # noqa: BLE001 # as above
            _log.exception("view %r goes on with the code that it had", view.state_key)


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
