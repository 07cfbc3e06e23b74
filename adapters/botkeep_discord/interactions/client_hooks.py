"""Where Botkeep hooks into a client: its events, its extensions, its end.

All of it can be done to a client that was made elsewhere, and ends when the client is closed.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from discord.ext import commands

from botkeep import acting_user
from botkeep_discord.interactions.events import enter_events
from botkeep_discord.interactions.scope import current_scope
from botkeep_discord.interactions.sources import user_id_of
from botkeep_discord.views import classes
from botkeep_discord.views.live_views import LiveViews
from botkeep_discord.views.modals import OpenModals
from botkeep_discord.views.persistent import Persistent
from botkeep_discord.views.restore import replace_outdated

if TYPE_CHECKING:
    import discord

    from botkeep_discord.persistence import Persistence


def install_hooks(persistence: Persistence, *, timeout: float, error_message: str, ordered: bool) -> None:
    """Hook into everything that the persistence's client has.

    Args:
        persistence: the client's.
        timeout: for `enter_events`, as are the others.
        error_message: likewise.
        ordered: likewise.
    """
    client = persistence.client
    if hasattr(client, "wait_for"):
        _on_event(persistence, "interaction", _interaction_arrived)
        _watch_deletions(persistence)
    enter_events(persistence, timeout=timeout, error_message=error_message, ordered=ordered)
    _watch_shown_views(persistence)
    if isinstance(client, commands.bot.BotBase):
        _replace(persistence, "invoke", _as_author)
        for name in ("load_extension", "reload_extension"):
            _replace(persistence, name, functools.partial(_with_new_classes, persistence))
    if hasattr(client, "close"):
        _replace(persistence, "close", functools.partial(_and_storage, persistence))


def _on_event(persistence: Persistence, event: str, handle: Callable[[Any], None]) -> None:
    """Call ``handle`` at each such event: the one way that a plain Client and a Bot have in common."""

    def check(*payload: Any) -> bool:
        # Called for each event while it is dispatched; what it never accepts is never done waiting.
        handle(*payload)
        return False

    persistence.watch(persistence.client.wait_for(event, check=check))


def _interaction_arrived(interaction: discord.Interaction[Any]) -> None:
    scope = current_scope()
    if scope is not None:
        scope.interaction = interaction


def _watch_deletions(persistence: Persistence) -> None:
    views = persistence.part(LiveViews)
    deletions: dict[str, Callable[[Any], None]] = {
        "raw_message_delete": lambda event: views.messages_deleted([event.message_id]),
        "raw_bulk_message_delete": lambda event: views.messages_deleted(event.message_ids),
        "raw_thread_delete": lambda event: views.channels_deleted({event.thread_id}),
        "guild_channel_delete": lambda channel: views.channels_deleted(_ids([channel, *_threads(channel)])),
        "guild_remove": lambda guild: views.channels_deleted(
            _ids([*guild.channels, *guild.threads]), guild.id
        ),
    }
    for event, handle in deletions.items():
        _on_event(persistence, event, handle)


def _threads(channel: Any) -> Iterable[Any]:
    return getattr(channel, "threads", ())


def _ids(things: Iterable[Any]) -> set[int]:
    return {thing.id for thing in things}


def _watch_shown_views(persistence: Persistence) -> None:
    """Notice views that the library puts on a message by itself: nothing but this process knows of them."""
    connection = getattr(persistence.client, "_connection", None)
    store_view = getattr(connection, "store_view", None)
    if connection is None or store_view is None:
        return
    views = persistence.part(LiveViews)

    @functools.wraps(store_view)
    def store_and_notice(view: Any, message_id: int | None = None, *args: Any, **options: Any) -> None:
        store_view(view, message_id, *args, **options)
        if isinstance(view, Persistent) and message_id is not None:
            views.shown(view, message_id)

    connection.store_view = store_and_notice
    persistence.at_close(lambda: setattr(connection, "store_view", store_view))


def _replace(persistence: Persistence, name: str, around: Callable[[Any], Any]) -> None:
    """Put something around a method of this one client, until it is closed."""
    client = persistence.client
    method, own = getattr(client, name), vars(client).get(name)
    setattr(client, name, functools.wraps(method)(around(method)))
    persistence.at_close(lambda: setattr(client, name, own) if own else delattr(client, name))


def _as_author(invoke: Callable[[Any], Any]) -> Callable[[Any], Any]:
    async def invoke_as_author(context: commands.Context[Any], /) -> None:
        with acting_user(user_id_of(context)):
            await invoke(context)

    return invoke_as_author


def _with_new_classes(persistence: Persistence, load: Callable[..., Any]) -> Callable[..., Any]:
    async def load_and_replace(*args: Any, **options: Any) -> None:
        former = classes.snapshot()
        try:
            await load(*args, **options)
        except BaseException:
            # The library goes back to the code that it had.
            classes.roll_back(former)
            raise
        await replace_outdated(persistence)
        await persistence.part(OpenModals).restore()

    return load_and_replace


def _and_storage(persistence: Persistence, close: Callable[[], Any]) -> Callable[[], Any]:
    async def close_client_and_storage() -> None:
        persistence.stop_watching()
        try:
            await close()
        finally:
            # Whoever gives up waiting leaves the storage closing all the same.
            await asyncio.shield(asyncio.ensure_future(persistence.close()))

    return close_client_and_storage
