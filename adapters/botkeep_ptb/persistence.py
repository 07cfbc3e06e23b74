"""python-telegram-bot's persistence on a Botkeep storage: a record for each user, chat and conversation."""

from __future__ import annotations

from typing import Any

import telegram
from telegram.ext import BasePersistence, ContextTypes, PersistenceInput
from typing_extensions import override

from botkeep import BaseStorage, DocumentError
from botkeep_ptb.callback_data import CallbackDataRecords
from botkeep_ptb.data import Data
from botkeep_ptb.layout import (
    BOT_DATA,
    CHATS,
    USERS,
    Key,
    conversation,
    conversation_key,
    conversations,
    name_of,
)
from botkeep_ptb.records import Entry, Records
from botkeep_ptb.values import PlainValues, Values, unpack


class BotkeepPersistence(BasePersistence[Any, Any, Any]):
    """Pass it to ``Application.builder().persistence(...)``, or let `setup_botkeep` do so.

    What has not changed is not written again; empty ``user_data`` or ``chat_data`` has no record; what could
    not be written is kept and tried again. Records never expire: the storage's ``default_ttl`` is for others.
    A value that cannot be stored is an error, and keeps no other from being stored: the other items of the
    same dict are, and of the item itself what was stored before stays.

    The storage is opened when the application starts and stopped when it shuts down; it may be started again
    after that.

    Args:
        storage: where to keep everything, in the namespace ``ptb``, apart for each bot.
        store_data: what to keep, as for every persistence; all of it when left out.
        update_interval: seconds between two writings of what has changed. An application made with
            `setup_botkeep` writes after each update anyway.
        context_types: the application's, if it has its own types of data. Needless with `setup_botkeep`.
        values: `PlainValues` keeps readable documents; `PickledValues` any object.
    """

    def __init__(
        self,
        storage: BaseStorage,
        *,
        store_data: PersistenceInput | None = None,
        update_interval: float = 1.0,
        context_types: ContextTypes[Any, Any, Any, Any] | None = None,
        values: Values | None = None,
    ) -> None:
        super().__init__(store_data=store_data, update_interval=update_interval)
        self._records = Records(storage)
        self._values = values or PlainValues()
        self._callback_data = CallbackDataRecords(self._records, self._values)
        self.use_context_types(context_types or ContextTypes())

    def use_context_types(self, context_types: ContextTypes[Any, Any, Any, Any]) -> None:
        """Keep data of these types; an application made with `setup_botkeep` passes its own."""
        self._users = Data(context_types.user_data, self._values)
        self._chats = Data(context_types.chat_data, self._values)
        self._bot_data = Data(context_types.bot_data, self._values)

    @override
    def set_bot(self, bot: telegram.Bot) -> None:
        super().set_bot(bot)
        # The id is the token's first part (core.telegram.org/bots/api#authorizing-your-bot); the bot itself
        # knows it only once it has asked the server.
        self._records.serve(bot.token.partition(":")[0])

    @override
    async def get_user_data(self) -> dict[int, Any]:
        return await self._load(USERS, self._users)

    @override
    async def get_chat_data(self) -> dict[int, Any]:
        return await self._load(CHATS, self._chats)

    @override
    async def get_bot_data(self) -> Any:
        await self._records.open()
        return self._bot_data.unpack(BOT_DATA.identifier, await self._records.read(BOT_DATA), self.bot)

    @override
    async def get_callback_data(self) -> Any:
        await self._records.open()
        return await self._callback_data.load(self.bot)

    @override
    async def get_conversations(self, name: str) -> dict[Any, Any]:
        await self._records.open()
        found = await self._records.load(conversations(name))
        return {
            conversation_key(key): unpack(self._values, f"{name}{key}", document, self.bot)
            for key, document in found.items()
        }

    @override
    async def update_user_data(self, user_id: int, data: Any) -> None:
        await self._write(Key(USERS, str(user_id)), self._users, data)

    @override
    async def update_chat_data(self, chat_id: int, data: Any) -> None:
        await self._write(Key(CHATS, str(chat_id)), self._chats, data)

    @override
    async def update_bot_data(self, data: Any) -> None:
        await self._write(BOT_DATA, self._bot_data, data)
        # python-telegram-bot calls this at each writing, so here what failed before is tried again.
        await self._records.retry()

    @override
    async def update_callback_data(self, data: Any) -> None:
        await self._callback_data.save(data)

    @override
    async def update_conversation(self, name: str, key: Any, new_state: object | None) -> None:
        record = conversation(name, key)
        if new_state is None:
            await self._records.remove(record)
        else:
            await self._records.write(record, Entry.of(self._values.pack(new_state)))

    @override
    async def drop_user_data(self, user_id: int) -> None:
        await self._records.drop(Key(USERS, str(user_id)))

    @override
    async def drop_chat_data(self, chat_id: int) -> None:
        await self._records.drop(Key(CHATS, str(chat_id)))

    @override
    async def refresh_user_data(self, user_id: int, user_data: Any) -> None:
        """Do nothing: this process alone writes. `SharedBotkeepPersistence` reads it anew."""

    @override
    async def refresh_chat_data(self, chat_id: int, chat_data: Any) -> None:
        """Do nothing, as for users."""

    @override
    async def refresh_bot_data(self, bot_data: Any) -> None:
        """Do nothing, as for users."""

    @override
    async def flush(self) -> None:
        await self._records.close()

    async def _load(self, kind: tuple[str, ...], data: Data) -> dict[int, Any]:
        await self._records.open()
        found = await self._records.load(kind)
        return {
            int(identifier): data.unpack(identifier, document, self.bot)
            for identifier, document in found.items()
        }

    async def _write(self, key: Key, data: Data, value: Any) -> None:
        try:
            entry = Entry.of(data.pack(value))
        except DocumentError:
            await self._write_storable_part(key, data, value)
        else:
            await self._records.write(key, entry)

    async def _write_storable_part(self, key: Key, data: Data, value: Any) -> None:
        stored = data.unpack(key.identifier, await self._records.read_stored(key), self.bot)
        part, errors = data.storable_part(value, stored)
        await self._records.write(key, Entry.of(part))
        if errors:
            first, more = errors[0], f" (and {len(errors) - 1} more)" if errors[1:] else ""
            dot = "" if first.path.startswith("[") else "."
            raise DocumentError(f"{name_of(key)}{dot}{first.path}", first.reason + more) from first


class SharedBotkeepPersistence(BotkeepPersistence):
    """The same for a bot in several processes: data is read anew before each update.

    It costs a read or three for each update. What this process has changed and not written yet is not
    replaced. python-telegram-bot has no way to read conversations anew, so let one process have all updates
    of a chat.
    """

    @override
    async def refresh_user_data(self, user_id: int, user_data: Any) -> None:
        await self._refresh(Key(USERS, str(user_id)), self._users, user_data)

    @override
    async def refresh_chat_data(self, chat_id: int, chat_data: Any) -> None:
        await self._refresh(Key(CHATS, str(chat_id)), self._chats, chat_data)

    @override
    async def refresh_bot_data(self, bot_data: Any) -> None:
        await self._refresh(BOT_DATA, self._bot_data, bot_data)

    async def _refresh(self, key: Key, data: Data, value: Any) -> None:
        before = _entry(data, value)
        if before is None or not self._records.unchanged(key, before):
            return
        found = await self._records.read_unless_written(key)
        # While this waited, another handler may have changed the value; what it did is not written yet.
        if found is None or _entry(data, value) != before:
            return
        if found.digest != before.digest:
            data.replace(value, data.unpack(key.identifier, found.document, self.bot))
        self._records.accept(key, found)


def _entry(data: Data, value: Any) -> Entry | None:
    try:
        return Entry.of(data.pack(value))
    except DocumentError:
        return None
