"""Who an update is about: for `user`, for limits, for order and for dialogues alike."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from telegram import Update
from telegram.ext import TypeHandler
from tests.adapters.botapi import updates
from tests.adapters.ptb import payloads
from tests.adapters.ptb.bots import builder, feed, new_application

from botkeep import FSMContext, MemoryStorage, StateKey, Subject, user
from botkeep_ptb import fsm_context, rate_limit, subject_of

GROUP, OTHER_GROUP = payloads.GROUP["id"], payloads.OTHER_GROUP["id"]
CHANNEL, OTHER_CHANNEL = payloads.CHANNEL["id"], payloads.OTHER_CHANNEL["id"]

WHO: dict[str, tuple[dict[str, Any], Subject]] = {
    "a message": (updates.message("x"), Subject(42, 7, 7)),
    "a message in a group": (updates.message("x", chat=GROUP), Subject(42, GROUP, 7)),
    "an anonymous admin": (payloads.by_anonymous_admin(payloads.GROUP), Subject(42, GROUP, GROUP)),
    "a channel in a group": (
        payloads.by_channel_in(payloads.GROUP, payloads.CHANNEL),
        Subject(42, GROUP, CHANNEL),
    ),
    "a linked channel's forward": (payloads.linked_forward(), Subject(42, GROUP, CHANNEL)),
    "a channel post": (payloads.channel_post(), Subject(42, CHANNEL, CHANNEL)),
    "an inline query": (payloads.inline_query(7), Subject(42, None, 7)),
    "a business message": (payloads.business_message(7), Subject(42, 7, 7, business_connection_id="b1")),
    "a topic of a forum": (payloads.in_topic(7, 9), Subject(42, GROUP, 7, 9)),
    "a thread of replies": (payloads.in_thread_of_replies(7, 9), Subject(42, GROUP, 7)),
    "a reaction": (payloads.reaction(user=payloads.person(7)), Subject(42, GROUP, 7)),
    "an anonymous reaction": (payloads.reaction(actor_chat=payloads.GROUP), Subject(42, GROUP, GROUP)),
    "a poll's answer": (payloads.poll_answer(user=payloads.person(7)), Subject(42, None, 7)),
    "a channel's answer": (
        payloads.poll_answer(user=payloads.CHANNEL_BOT, voter_chat=payloads.CHANNEL),
        Subject(42, None, CHANNEL),
    ),
    "a join request": (payloads.join_request(7), Subject(42, GROUP, 7)),
    "a boost": (payloads.boost(source="premium", user=payloads.person(7)), Subject(42, GROUP, 7)),
    "the end of a boost": (
        payloads.boost_ended(source="gift_code", user=payloads.person(7)),
        Subject(42, GROUP, 7),
    ),
    "a boost of nobody": (
        payloads.boost(source="giveaway", giveaway_message_id=1),
        Subject(42, GROUP, None),
    ),
    "a button": (payloads.button(7), Subject(42, GROUP, 7)),
    "a group that moves": (payloads.migrated_to(-5, -1005), Subject(42, -5, 7)),
    "a group that moved": (payloads.migrated_from(-5, -1005), Subject(42, -1005, -1005)),
}


@pytest.fixture
async def bot() -> Any:
    application = builder().build()
    async with application:
        yield application.bot


@pytest.mark.parametrize(("payload", "subject"), WHO.values(), ids=WHO)
async def test_who_an_update_is_about(bot: Any, payload: dict[str, Any], subject: Subject) -> None:
    assert subject_of(Update.de_json(payload, bot), 42) == subject


@pytest.mark.parametrize(("payload", "subject"), WHO.values(), ids=WHO)
async def test_in_its_handler_the_user_is_who_speaks(payload: dict[str, Any], subject: Subject) -> None:
    acting = []

    async def look(update: Any, context: Any) -> None:
        acting.append(repr(user))

    async with new_application(MemoryStorage()) as application:
        application.add_handler(TypeHandler(Update, look))
        await feed(application, payload)

    speaks = "this handler has no user" if subject.user_id is None else repr(str(subject.user_id))
    assert acting == [f"<user: {speaks}>"]


async def served_under_limit(scope: Any, *news: dict[str, Any]) -> int:
    served = []

    async def serve(update: Any, context: Any) -> None:
        served.append(update)

    storage = MemoryStorage()
    async with new_application(storage) as application:
        application.add_handler(rate_limit(storage, "1/hour", scope=scope), group=-1)
        application.add_handler(TypeHandler(Update, serve))
        for update in news:
            await feed(application, update)
    return len(served)


async def test_groups_with_anonymous_admins_do_not_share_a_limit() -> None:
    one, other = payloads.GROUP, payloads.OTHER_GROUP

    assert await served_under_limit("user", *map(payloads.by_anonymous_admin, (one, other, one))) == 2


async def test_channels_that_post_in_one_group_do_not_share_a_limit() -> None:
    posts = [
        payloads.by_channel_in(payloads.GROUP, channel)
        for channel in (payloads.CHANNEL, payloads.OTHER_CHANNEL, payloads.CHANNEL)
    ]

    assert await served_under_limit("user", *posts) == 2


async def test_an_inline_query_is_limited_by_user_and_not_by_chat() -> None:
    queries = [payloads.inline_query(7) for _ in range(3)]

    assert await served_under_limit("user", *queries) == 1
    assert await served_under_limit("chat", *queries) == 3
    assert await served_under_limit("global", *queries) == 1


@pytest.mark.parametrize("scope", ["users", "", None, "USER"])
def test_an_unknown_scope_is_refused_at_once(scope: Any) -> None:
    with pytest.raises(ValueError, match="scope must be"):
        rate_limit(MemoryStorage(), "1/hour", scope=scope)


def test_an_unknown_setting_is_refused_at_once() -> None:
    settings: Any = {"stratgy": "gcra"}
    with pytest.raises(TypeError, match="stratgy"):
        rate_limit(MemoryStorage(), "1/hour", **settings)


async def test_channels_in_one_group_do_not_wait_for_each_other() -> None:
    arrived: list[int] = []
    both = asyncio.Event()

    async def meet(update: Any, context: Any) -> None:
        arrived.append(update.message.sender_chat.id)
        if len(arrived) == 2:
            both.set()
        await asyncio.wait_for(both.wait(), 5)

    async with new_application(MemoryStorage()) as application:
        application.add_handler(TypeHandler(Update, meet))
        await feed(
            application,
            payloads.by_channel_in(payloads.GROUP, payloads.CHANNEL),
            payloads.by_channel_in(payloads.GROUP, payloads.OTHER_CHANNEL),
        )

    assert sorted(arrived) == [CHANNEL, OTHER_CHANNEL]


async def test_a_dialogue_in_a_handler_is_the_one_that_every_adapter_finds() -> None:
    storage = MemoryStorage()

    async def order(update: Any, context: Any) -> None:
        await fsm_context(storage, update).set_state("Order:size")
        await fsm_context(storage, update, strategy="user_in_topic", destiny="shop").update_data(n=1)

    async with new_application(storage) as application, storage:
        application.add_handler(TypeHandler(Update, order))
        await feed(application, payloads.in_topic(7, 9))

        assert await FSMContext(storage, StateKey(42, GROUP, 7)).get_state() == "Order:size"
        in_topic = StateKey(42, GROUP, 7, 9, destiny="shop")
        assert await FSMContext(storage, in_topic).get_data() == {"n": 1}


async def test_an_update_of_nobody_belongs_to_no_dialogue(bot: Any) -> None:
    poll: dict[str, Any] = {
        "id": "1",
        "question": "?",
        "options": [],
        "total_voter_count": 0,
        "is_closed": True,
    }
    poll.update(is_anonymous=True, type="regular", allows_multiple_answers=False)
    poll.update(members_only=False, allows_revoting=False)

    with pytest.raises(ValueError, match="belongs to no dialogue"):
        fsm_context(MemoryStorage(), Update.de_json(payloads.update("poll", **poll), bot))
