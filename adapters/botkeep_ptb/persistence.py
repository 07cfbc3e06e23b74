"""python-telegram-bot's persistence on a Botkeep storage: a record for each user, chat and conversation."""

from __future__ import annotations

import json
from typing import Any, Final

import telegram
from telegram.ext import BasePersistence, ContextTypes, PersistenceInput
from typing_extensions import override

from botkeep import BaseStorage
from botkeep_ptb.records import Key, Records
from botkeep_ptb.values import PlainValues, Values

_USERS: Final = ("users",)
_CHATS: Final = ("chats",)
_BOT: Final = Key((), "bot_data")
_CALLBACKS: Final = Key((), "callback_data")


class BotkeepPersistence(BasePersistence[Any, Any, Any]):
    """Pass it to ``Application.builder().persistence(...)``, or let `setup_botkeep` do so.

    What has not changed is not written again; an empty ``user_data`` or ``chat_data`` has no record; what
    could not be written is kept and tried again. The storage is opened when the application starts and
    stopped when it shuts down; it may be started again after that.

    Args:
        storage: where to keep everything, in the namespace ``ptb``, apart for each bot.
        store_data: what to keep, as for every persistence; all of it when left out.
        update_interval: seconds between two writings of what has changed. An application made with
            `setup_botkeep` writes after each update anyway.
        context_types: the application's, if it has its own type of ``bot_data``.
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
        self._context_types = context_types or ContextTypes()

    @override
    def set_bot(self, bot: telegram.Bot) -> None:
        super().set_bot(bot)
        # The id is the token's first part (core.telegram.org/bots/api#authorizing-your-bot); the bot itself
        # knows it only once it has asked the server.
        self._records.serve(bot.token.partition(":")[0])

    @override
    async def get_user_data(self) -> dict[int, Any]:
        return await self._load(_USERS)

    @override
    async def get_chat_data(self) -> dict[int, Any]:
        return await self._load(_CHATS)

    @override
    async def get_bot_data(self) -> Any:
        await self._records.open()
        document = await self._records.read(_BOT)
        return self._context_types.bot_data() if document is None else self._unpacked(document)

    @override
    async def get_callback_data(self) -> Any:
        await self._records.open()
        document = await self._records.read(_CALLBACKS)
        return None if document is None else self._unpacked(document)

    @override
    async def get_conversations(self, name: str) -> dict[Any, Any]:
        await self._records.open()
        found = await self._records.load(_conversations(name))
        return {tuple(json.loads(key)): self._unpacked(document) for key, document in found.items()}

    @override
    async def update_user_data(self, user_id: int, data: Any) -> None:
        await self._write_data(Key(_USERS, str(user_id)), data)

    @override
    async def update_chat_data(self, chat_id: int, data: Any) -> None:
        await self._write_data(Key(_CHATS, str(chat_id)), data)

    @override
    async def update_bot_data(self, data: Any) -> None:
        # python-telegram-bot calls this at each writing, so here what failed before gets its next chance.
        await self._records.retry()
        await self._write_data(_BOT, data)

    @override
    async def update_callback_data(self, data: Any) -> None:
        if any(data):
            await self._records.write(_CALLBACKS, self._values.pack(data))
        else:
            await self._records.remove(_CALLBACKS)

    @override
    async def update_conversation(self, name: str, key: Any, new_state: object | None) -> None:
        record = Key(_conversations(name), json.dumps(key))
        if new_state is None:
            await self._records.remove(record)
        else:
            await self._records.write(record, self._values.pack(new_state))

    @override
    async def drop_user_data(self, user_id: int) -> None:
        await self._records.remove(Key(_USERS, str(user_id)))

    @override
    async def drop_chat_data(self, chat_id: int) -> None:
        await self._records.remove(Key(_CHATS, str(chat_id)))

    @override
    async def refresh_user_data(self, user_id: int, user_data: Any) -> None:
        """Nothing to do: this process alone writes. See `SharedBotkeepPersistence`."""

    @override
    async def refresh_chat_data(self, chat_id: int, chat_data: Any) -> None:
        """Nothing to do, as for users."""

    @override
    async def refresh_bot_data(self, bot_data: Any) -> None:
        """Nothing to do, as for users."""

    @override
    async def flush(self) -> None:
        await self._records.close()

    async def _load(self, kind: tuple[str, ...]) -> dict[int, Any]:
        await self._records.open()
        found = await self._records.load(kind)
        return {int(identifier): self._unpacked(document) for identifier, document in found.items()}

    async def _write_data(self, key: Key, data: Any) -> None:
        if data == {}:
            await self._records.remove(key)
        else:
            await self._records.write(key, self._values.pack(data))

    def _unpacked(self, document: Any) -> Any:
        return self._values.unpack(document, self.bot)


class SharedBotkeepPersistence(BotkeepPersistence):
    """The same for a bot in several processes: data is read anew before each update.

    It costs a read or three for each update. What this process has changed and not written yet is not
    replaced. python-telegram-bot has no way to read conversations anew, so let one process have all updates
    of a chat.
    """

    @override
    async def refresh_user_data(self, user_id: int, user_data: Any) -> None:
        await self._refresh(Key(_USERS, str(user_id)), user_data)

    @override
    async def refresh_chat_data(self, chat_id: int, chat_data: Any) -> None:
        await self._refresh(Key(_CHATS, str(chat_id)), chat_data)

    @override
    async def refresh_bot_data(self, bot_data: Any) -> None:
        await self._refresh(_BOT, bot_data)

    async def _refresh(self, key: Key, data: dict[Any, Any]) -> None:
        if data and not self._records.unchanged(key, self._values.pack(data)):
            return
        document = await self._records.read(key)
        data.clear()
        if document is not None:
            data.update(self._unpacked(document))


def _conversations(name: str) -> tuple[str, ...]:
    return ("conversations", name)
