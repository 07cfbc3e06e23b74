"""Everything at once, for an asynchronous bot that is there already."""

from __future__ import annotations

from telebot.async_telebot import AsyncTeleBot

from botkeep import BaseStorage
from botkeep_telebot.states import BotkeepStateStorage


def setup_botkeep(bot: AsyncTeleBot, storage: BaseStorage) -> BotkeepStateStorage:
    """Keep an asynchronous bot's dialogues in a storage, and stop it when the bot's polling ends.

    Args:
        bot: pyTelegramBotAPI's; whatever state storage it had is replaced.
        storage: where to keep the dialogues.
    """
    states = bot.current_states = BotkeepStateStorage(storage)
    close_session = bot.close_session

    # What polling calls last; pyTelegramBotAPI has no hook of its own for it.
    async def close() -> None:
        await states.close()
        await close_session()  # type: ignore[no-untyped-call] # the framework's own

    bot.close_session = close  # type: ignore[method-assign] # wrapped for this one bot
    return states
