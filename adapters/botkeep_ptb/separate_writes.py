"""An application that writes each entry on its own, so that one value's failure is that value's alone."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator, Mapping
from typing import Any, NamedTuple

from telegram.ext import Application, BasePersistence

# python-telegram-bot's own `update_persistence` imports it from there; it has no public name.
from telegram.ext._handlers.conversationhandler import PendingState
from typing_extensions import override

from botkeep import StorageUnavailableError, acting_user
from botkeep_ptb.shared_runs import SharedRuns


class _Write(NamedTuple):
    """One call of the persistence, and whose data it writes, to be marked again if that fails."""

    call: Coroutine[Any, Any, None]
    chat_id: int | None = None
    user_id: int | None = None


class SeparateWrites(Application[Any, Any, Any, Any, Any, Any]):
    """python-telegram-bot's application with another `update_persistence`.

    Its own copies all data before it writes any, and forgets what was changed if one value cannot be copied.
    This one hands the data itself to the persistence, which makes documents of it before it waits for
    anything. All errors go to the error handlers; there `botkeep.user` is nobody, since others' data is
    written too.
    """

    __slots__ = ("_shared_writes",)

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._shared_writes = SharedRuns(self._write_changes)

    @override
    async def update_persistence(self) -> None:
        """Write what has changed until now; updates that end at the same time share the writing."""
        await self._shared_writes()

    async def _write_changes(self) -> None:
        if self.persistence is None:
            return
        with acting_user(None):
            writes = [*self._data_writes(self.persistence), *self._conversation_writes(self.persistence)]
            results = await asyncio.gather(*(write.call for write in writes), return_exceptions=True)
            for write, result in zip(writes, results, strict=True):
                if isinstance(result, StorageUnavailableError):
                    self._mark_again(write)
                if isinstance(result, Exception):
                    await self.process_error(None, result)

    def _data_writes(self, persistence: BasePersistence[Any, Any, Any]) -> Iterator[_Write]:
        stored = persistence.store_data
        cache = getattr(self.bot, "callback_data_cache", None)
        if stored.callback_data and cache is not None:
            yield _Write(persistence.update_callback_data(cache.persistence_data))
        if stored.bot_data:
            yield _Write(persistence.update_bot_data(self.bot_data))
        if stored.chat_data:
            changed, dropped = _with_dropped(*self._take_chat_ids(), self.chat_data)
            for chat_id in changed:
                yield _Write(persistence.update_chat_data(chat_id, self.chat_data[chat_id]), chat_id=chat_id)
            yield from (_Write(persistence.drop_chat_data(chat_id)) for chat_id in dropped)
        if stored.user_data:
            changed, dropped = _with_dropped(*self._take_user_ids(), self.user_data)
            for user_id in changed:
                yield _Write(persistence.update_user_data(user_id, self.user_data[user_id]), user_id=user_id)
            yield from (_Write(persistence.drop_user_data(user_id)) for user_id in dropped)

    def _take_chat_ids(self) -> tuple[set[int], set[int]]:
        taken = self._chat_ids_to_be_updated_in_persistence, self._chat_ids_to_be_deleted_in_persistence
        self._chat_ids_to_be_updated_in_persistence = set()
        self._chat_ids_to_be_deleted_in_persistence = set()
        return taken

    def _take_user_ids(self) -> tuple[set[int], set[int]]:
        taken = self._user_ids_to_be_updated_in_persistence, self._user_ids_to_be_deleted_in_persistence
        self._user_ids_to_be_updated_in_persistence = set()
        self._user_ids_to_be_deleted_in_persistence = set()
        return taken

    def _conversation_writes(self, persistence: BasePersistence[Any, Any, Any]) -> Iterator[_Write]:
        for name, states in self._conversation_handler_conversations.items():
            for key, found in states.pop_accessed_write_items():
                state = found
                if isinstance(found, PendingState):
                    # The handler was not waited for. Until it ends, the conversation is where it was.
                    if found.done() and not found.task.cancelled():
                        state = found.resolve()
                    else:
                        state = found.old_state
                    if not found.done():
                        states.mark_as_accessed(key)
                new_state = None if state is states.DELETED else state
                yield _Write(persistence.update_conversation(name, key, new_state))

    def _mark_again(self, write: _Write) -> None:
        self.mark_data_for_update_persistence(chat_ids=write.chat_id, user_ids=write.user_id)


def _with_dropped(
    changed: set[int], dropped: set[int], data: Mapping[int, object]
) -> tuple[set[int], set[int]]:
    """Return which ids to write and which to drop: what has new data since it was dropped is written."""
    renewed = {number for number in dropped if data.get(number)}
    return (changed - dropped) | renewed, dropped - renewed
