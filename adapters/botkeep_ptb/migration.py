"""Groups that become supergroups, and so get another id: what is kept of a chat moves along."""

from __future__ import annotations

from typing import Any

from telegram import Message
from typing_extensions import override

from botkeep import BaseStorage
from botkeep.fsm import move_dialogues
from botkeep_ptb.separate_writes import SeparateWrites


class MovesChats(SeparateWrites):
    """An application that moves ``chat_data``, persistent conversations and dialogues of `botkeep.fsm`.

    Telegram tells of the change twice, in a message of either chat; the second time there is nothing left to
    do. What the new chat has already stays, and then the old chat keeps what it has.
    """

    __slots__ = ("_moved",)

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._moved: set[tuple[int, int]] = set()

    @override
    def migrate_chat_data(
        self,
        message: Message | None = None,
        old_chat_id: int | None = None,
        new_chat_id: int | None = None,
    ) -> None:
        """As in python-telegram-bot, but once: a second call would put nothing in place of what was moved."""
        old, new = old_chat_id, new_chat_id
        if message is not None:
            old, new = (
                message.migrate_from_chat_id or message.chat.id,
                message.migrate_to_chat_id or message.chat.id,
            )
        if old is None or new is None:
            super().migrate_chat_data(message, old_chat_id, new_chat_id)  # to be told what is wrong
        elif old in self.chat_data and (old, new) not in self._moved:
            super().migrate_chat_data(message, old_chat_id, new_chat_id)
            self._moved.add((old, new))

    async def move_chat(self, storage: BaseStorage, old: int, new: int) -> None:
        """Move all that is kept of a chat.

        Raises:
            StorageUnavailableError: not all of the dialogues of `botkeep.fsm` could be moved.
        """
        if self.chat_data.get(old) and not self.chat_data.get(new):
            self.migrate_chat_data(old_chat_id=old, new_chat_id=new)
        for states in self._conversation_handler_conversations.values():
            for key in [key for key in states if key[0] == old]:
                moved = (new, *key[1:])
                if moved not in states:
                    states[moved] = states.pop(key)
        await move_dialogues(storage, self.bot.id, old, new)
