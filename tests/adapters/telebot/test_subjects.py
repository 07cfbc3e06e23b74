"""Whom an update is about: of two kinds of bots, in dialogues, limits and `user`, with real payloads."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import pytest
from telebot import TeleBot, types
from telebot.async_telebot import AsyncTeleBot
from telebot.states.asyncio import StateContext, StateMiddleware
from tests.adapters.botapi import speakers, updates
from tests.adapters.telebot.bots import Listener, feed, feed_synchronously, new_updates

from botkeep import BaseStorage, FSMContext, MemoryStorage, NoUserError, StateKey, Subject, user
from botkeep_telebot import RateLimitMiddleware, SyncRateLimitMiddleware, setup_botkeep
from botkeep_telebot.subjects import event_of, subject_of


@pytest.mark.parametrize("name", speakers.SAMPLES)
def test_the_subject_of_each_kind_of_update(name: str) -> None:
    sample = speakers.SAMPLES[name]
    event = event_of(types.Update.de_json(sample.update))

    expected = Subject(42, sample.chat, sample.user, sample.thread, sample.business)
    assert subject_of(event, 42) == expected


def test_a_polls_answer_is_of_who_votes() -> None:
    known, unknown = (
        subject_of(event_of(update), 42)
        for update in new_updates(speakers.POLL_ANSWER, speakers.ANONYMOUS_POLL_ANSWER)
    )

    assert known.user_id == 7
    assert unknown.user_id == speakers.CHANNEL


@pytest.mark.parametrize("name", speakers.SAMPLES)
async def test_the_user_of_each_kind_of_update_is_its_speaker(name: str) -> None:
    if name == "the end of a boost" and version("pyTelegramBotAPI").startswith("4.36."):
        pytest.skip("pyTelegramBotAPI 4.36 takes these updates and calls no handler")
    bot, seen = AsyncTeleBot("42:TEST"), []
    setup_botkeep(bot, MemoryStorage())

    async def look(event: Any) -> None:
        seen.append(repr(user))

    for decorate in (
        bot.message_handler,
        bot.edited_message_handler,
        bot.channel_post_handler,
        bot.inline_handler,
        bot.business_message_handler,
        bot.message_reaction_handler,
        bot.chat_join_request_handler,
        bot.my_chat_member_handler,
        bot.chat_boost_handler,
        bot.removed_chat_boost_handler,
        bot.callback_query_handler,
    ):
        decorate(func=lambda _: True)(look)
    await feed(bot, speakers.SAMPLES[name].update)

    assert seen == [f"<user: '{speakers.SAMPLES[name].user}'>"]


async def test_groups_with_anonymous_administrators_share_neither_limit_nor_user(
    storage: BaseStorage,
) -> None:
    bot, seen = AsyncTeleBot("42:TEST"), []
    setup_botkeep(bot, storage)
    bot.setup_middleware(RateLimitMiddleware(storage, "1/hour"))

    @bot.message_handler()
    async def look(message: Any) -> None:
        seen.append(repr(user))

    for _ in range(2):
        for chat in (-1001, -1002, -1003):
            await feed(bot, speakers.anonymous_admin(chat))
    for channel in (-1004, -1005):
        await feed(bot, speakers.channel_in_group(channel))

    assert seen == [f"<user: '{chat}'>" for chat in (-1001, -1002, -1003, -1004, -1005)]


async def test_channels_that_post_in_one_group_have_a_dialogue_each(storage: BaseStorage) -> None:
    bot, seen = AsyncTeleBot("42:TEST"), dict[int, Any]()
    setup_botkeep(bot, storage)
    bot.setup_middleware(StateMiddleware(bot))

    @bot.message_handler()
    async def count(message: Any, state: StateContext) -> None:
        before = await state.get()
        await bot.set_state(message.from_user.id, f"of {message.sender_chat.id}", message.chat.id)
        seen[message.sender_chat.id] = before, await state.get()

    await feed(bot, speakers.channel_in_group(-1004))
    await feed(bot, speakers.channel_in_group(-1005))

    assert seen == {-1004: (None, "of -1004"), -1005: (None, "of -1005")}
    key = StateKey(42, speakers.GROUP, -1004)
    assert await FSMContext(storage, key).get_state() == "of -1004"


@pytest.mark.parametrize("with_setup", [False, True])
async def test_two_bots_on_one_storage_count_apart(storage: BaseStorage, with_setup: bool) -> None:
    reached = []
    middleware = RateLimitMiddleware(storage, "1/hour")
    for number, limits in ((42, middleware), (43, middleware), (44, RateLimitMiddleware(storage, "1/hour"))):
        bot = AsyncTeleBot(f"{number}:TEST")
        if with_setup:
            setup_botkeep(bot, storage)
        bot.setup_middleware(limits)

        @bot.message_handler()
        async def reach(message: Any, number: int = number) -> None:
            reached.append(number)

        for _ in range(2):
            await feed(bot, updates.message("x"))

    assert reached == [42, 43, 44]


def test_two_synchronous_bots_on_one_storage_count_apart() -> None:
    storage, heard = MemoryStorage(), Listener()
    for number in (42, 43):
        bot = TeleBot(f"{number}:TEST", use_class_middlewares=True, threaded=False)
        states = setup_botkeep(bot, storage)
        bot.setup_middleware(SyncRateLimitMiddleware(storage, "1/hour"))

        @bot.message_handler()
        def reach(message: Any, number: int = number) -> None:
            heard.say(number)

        for _ in range(2):
            feed_synchronously(bot, updates.message("x"))
    heard.say("end")
    states.close()

    assert heard.take(3) == [42, 43, "end"]


@pytest.mark.parametrize("kind", [RateLimitMiddleware, SyncRateLimitMiddleware])
def test_an_unknown_scope_or_setting_is_refused_at_construction(kind: Any) -> None:
    with pytest.raises(ValueError, match='"user", "chat" or "global"'):
        kind(MemoryStorage(), "5/minute", scope="users")
    with pytest.raises(TypeError, match="stratgy"):
        kind(MemoryStorage(), "5/minute", stratgy="gcra")


async def test_a_middleware_outside_of_a_bot_says_where_it_belongs() -> None:
    middleware = RateLimitMiddleware(MemoryStorage(), "5/minute")
    with pytest.raises(RuntimeError, match="setup_middleware"):
        await middleware.pre_process(event_of(new_updates(updates.message("x"))[0]), {})


async def test_there_is_no_user_outside_of_handlers(storage: BaseStorage) -> None:
    bot = AsyncTeleBot("42:TEST")
    setup_botkeep(bot, storage)

    @bot.message_handler()
    async def look(message: Any) -> None:
        """Nothing to do."""

    await feed(bot, updates.message("x"))

    with pytest.raises(NoUserError):
        await user.load("x")
