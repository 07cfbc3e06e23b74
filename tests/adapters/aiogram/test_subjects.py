"""Whom an update is about: in dialogues, limits and `user`, with real payloads."""

from __future__ import annotations

from typing import Any

import pytest
from aiogram import Bot, Dispatcher
from aiogram.dispatcher.middlewares.user_context import UserContextMiddleware
from aiogram.fsm.context import FSMContext
from aiogram.fsm.strategy import FSMStrategy
from aiogram.types import Message, Update
from tests.adapters.aiogram.bots import feed, new_bot
from tests.adapters.botapi import speakers, updates

from botkeep import BaseStorage, MemoryStorage, StateKey, Subject, user
from botkeep_aiogram import RateLimitMiddleware, UserScopeMiddleware, setup_botkeep
from botkeep_aiogram.subjects import subject_of

KINDS = (
    "message",
    "edited_message",
    "channel_post",
    "inline_query",
    "business_message",
    "message_reaction",
    "chat_join_request",
    "my_chat_member",
    "callback_query",
    "poll_answer",
    "chat_boost",
    "removed_chat_boost",
)


def handle_everything(dispatcher: Dispatcher, handler: Any) -> None:
    for kind in KINDS:
        dispatcher.observers[kind].register(handler)


def subject(update: dict[str, Any], bot: Bot) -> Subject:
    event = Update.model_validate(update, context={"bot": bot})
    context = UserContextMiddleware.resolve_event_context(event)
    return subject_of(event, {"event_context": context, "bot": bot})


@pytest.mark.parametrize("name", speakers.SAMPLES)
def test_the_subject_of_each_kind_of_update(name: str) -> None:
    sample = speakers.SAMPLES[name]

    expected = Subject(42, sample.chat, sample.user, sample.thread, sample.business)
    assert subject(sample.update, new_bot()) == expected


def test_a_polls_answer_is_of_who_votes() -> None:
    assert subject(speakers.POLL_ANSWER, new_bot()).user_id == 7
    assert subject(speakers.ANONYMOUS_POLL_ANSWER, new_bot()).user_id == speakers.CHANNEL


@pytest.mark.parametrize("name", speakers.SAMPLES)
async def test_user_and_dialogue_of_each_kind_of_update_are_its_speakers(
    storage: BaseStorage, name: str
) -> None:
    bot, dispatcher, seen = new_bot(), Dispatcher(), []
    setup_botkeep(dispatcher, storage, ordered=True)

    async def look(event: Any, state: FSMContext) -> None:
        seen.append((repr(user), state.key.chat_id, state.key.user_id, state.key.business_connection_id))

    handle_everything(dispatcher, look)
    sample = speakers.SAMPLES[name]
    await feed(dispatcher, bot, sample.update)

    chat = sample.user if sample.chat is None else sample.chat
    assert seen == [(f"<user: '{sample.user}'>", chat, sample.user, sample.business)]


async def test_a_count_of_reactions_comes_from_nobody(storage: BaseStorage) -> None:
    bot, dispatcher, seen = new_bot(), Dispatcher(), []
    setup_botkeep(dispatcher, storage)

    @dispatcher.message_reaction_count()
    async def look(event: Any) -> None:
        seen.append(repr(user))

    body = {"chat": speakers.group(), "message_id": 1, "date": 1, "reactions": []}
    await feed(dispatcher, bot, speakers.update("message_reaction_count", body))

    assert seen == ["<user: this handler has no user>"]


@pytest.mark.parametrize("with_setup", [False, True])
async def test_groups_with_anonymous_administrators_share_neither_limit_nor_user(
    storage: BaseStorage, with_setup: bool
) -> None:
    bot, dispatcher, seen = new_bot(), Dispatcher(), []
    if with_setup:
        setup_botkeep(dispatcher, storage)
    else:
        dispatcher.update.outer_middleware(UserScopeMiddleware())
    dispatcher.message.outer_middleware(RateLimitMiddleware(storage, "1/hour"))

    @dispatcher.message()
    async def look(message: Message) -> None:
        seen.append(repr(user))

    for _ in range(2):
        for chat in (-1001, -1002, -1003):
            await feed(dispatcher, bot, speakers.anonymous_admin(chat))
    for channel in (-1004, -1005):
        await feed(dispatcher, bot, speakers.channel_in_group(channel))

    assert seen == [f"<user: '{chat}'>" for chat in (-1001, -1002, -1003, -1004, -1005)]


async def test_a_limit_on_updates_knows_who_speaks(storage: BaseStorage) -> None:
    bot, dispatcher, seen = new_bot(), Dispatcher(), []
    dispatcher.update.outer_middleware(RateLimitMiddleware(storage, "1/hour"))

    @dispatcher.message()
    async def look(message: Message) -> None:
        seen.append(message.chat.id)

    for chat in (-1001, -1002, -1001):
        await feed(dispatcher, bot, speakers.anonymous_admin(chat))

    assert seen == [-1001, -1002]


@pytest.mark.parametrize("strategy", [FSMStrategy.USER_IN_CHAT, FSMStrategy.GLOBAL_USER])
async def test_chats_that_speak_have_a_dialogue_each(storage: BaseStorage, strategy: FSMStrategy) -> None:
    bot, dispatcher, seen = new_bot(), Dispatcher(fsm_strategy=strategy), []
    setup_botkeep(dispatcher, storage)

    @dispatcher.message()
    async def count(message: Message, state: FSMContext, raw_state: str | None) -> None:
        assert message.sender_chat is not None
        await state.set_state(f"of {message.sender_chat.id}")
        seen.append((raw_state, await state.get_state()))

    for channel in (-1004, -1005):
        await feed(dispatcher, bot, speakers.channel_in_group(channel))

    assert seen == [(None, "of -1004"), (None, "of -1005")]


async def test_handlers_still_get_what_telegram_names(storage: BaseStorage) -> None:
    bot, dispatcher, seen = new_bot(), Dispatcher(), []
    setup_botkeep(dispatcher, storage)

    @dispatcher.message()
    async def look(message: Message, event_from_user: Any, event_chat: Any, event_context: Any) -> None:
        seen.append((event_from_user.id, event_chat.id, event_context.user.id, event_context.user_id))

    await feed(dispatcher, bot, speakers.anonymous_admin(-1001))

    assert seen == [(1087968824, -1001, 1087968824, -1001)]


async def test_two_bots_on_one_storage_count_apart(storage: BaseStorage) -> None:
    reached = []
    for number in (42, 43):
        dispatcher = Dispatcher()
        dispatcher.message.outer_middleware(RateLimitMiddleware(storage, "1/hour", scope="global"))

        @dispatcher.message()
        async def reach(message: Message, bot: Bot) -> None:
            reached.append(bot.id)

        for who in (7, 8):
            await feed(dispatcher, new_bot(number), updates.message("x", user=who))

    assert reached == [42, 43]


@pytest.mark.parametrize("rate", ["5/minute", None])
def test_an_unknown_scope_or_setting_is_refused_at_construction(rate: Any) -> None:
    storage, unknown = MemoryStorage(), {"stratgy": "gcra"}
    users: Any = "users"
    with pytest.raises(ValueError, match='"user", "chat" or "global"'):
        RateLimitMiddleware(storage, rate, scope=users)
    with pytest.raises(TypeError, match="stratgy"):
        RateLimitMiddleware(storage, rate, **unknown)  # type: ignore[arg-type] # the mistake
    with pytest.raises(ValueError, match="strategy must be"):
        RateLimitMiddleware(storage, rate, strategy=users)


@pytest.mark.parametrize("sent", ["to", "from", "both"])
async def test_the_dialogues_of_a_group_move_to_its_supergroup(storage: BaseStorage, sent: str) -> None:
    bot, dispatcher, found = new_bot(), Dispatcher(), []
    setup_botkeep(dispatcher, storage)
    before = dispatcher.fsm.get_context(bot, -7, 7)
    await before.set_state("name")
    await before.update_data(pizza="Margherita")

    @dispatcher.message()
    async def look(message: Message, state: FSMContext) -> None:
        if message.text:
            found.append((await state.get_state(), await state.get_data()))

    news = {"to": speakers.moved_to(-7, -1001), "from": speakers.moved_from(-7, -1001)}
    await feed(dispatcher, bot, *(news.values() if sent == "both" else [news[sent]]))
    await feed(dispatcher, bot, updates.message("x", user=7, chat=-1001))

    assert found == [("name", {"pizza": "Margherita"})]
    assert await before.get_state() is None
    assert await storage.namespace("fsm").exists(StateKey(42, -1001, 7).identifier)
