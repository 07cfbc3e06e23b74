"""Who an update is about, by updates as Telegram sends them: one answer for all that asks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from pyrogram import raw
from tests.adapters.pyrogram import payloads
from tests.adapters.pyrogram.offline import OfflineClient
from tests.adapters.pyrogram.payloads import BOT, CHANNEL, GROUP, InChannel, Peer

from botkeep import MemoryStorage, user
from botkeep.subjects import Subject
from botkeep_pyrogram import RateLimitMiddleware
from botkeep_pyrogram.queues import current_delivery
from botkeep_pyrogram.subjects import subject_of

GROUP_ID, CHANNEL_ID, OLD_GROUP_ID = -1_001_000_000_055, -1_001_000_000_066, -5555
IS_KURIGRAM = hasattr(raw.types, "UpdateBotMessageReaction")
kurigram = pytest.mark.skipif(not IS_KURIGRAM, reason="pyrogram 2.0.106 has no such updates")


@pytest.fixture
async def app() -> AsyncIterator[OfflineClient]:
    client = OfflineClient(storage=MemoryStorage())
    yield client
    if client.is_connected:
        await client.stop()


def case(name: str, payload: Any, *ids: int | None, on: str = "message", **more: Any) -> Any:
    """A payload, on which handlers it arrives, and its chat and speaker."""
    chat_id, user_id = ids
    subject = Subject(BOT, chat_id, user_id, **more)
    return pytest.param(payload, on, subject, id=name)


CASES = [
    case("private message", lambda: payloads.message("hi"), 7, 7),
    case("member of a group", lambda: payloads.in_group(Peer(user_id=7)), GROUP_ID, 7),
    case("anonymous administrator", lambda: payloads.in_group(None), GROUP_ID, GROUP_ID),
    case(
        "anonymous administrator, named",
        lambda: payloads.in_group(InChannel(channel_id=GROUP)),
        GROUP_ID,
        GROUP_ID,
    ),
    case(
        "channel in a group", lambda: payloads.in_group(InChannel(channel_id=CHANNEL)), GROUP_ID, CHANNEL_ID
    ),
    case("linked channel's forward", payloads.linked_post, GROUP_ID, CHANNEL_ID),
    case("channel post", payloads.channel_post, CHANNEL_ID, CHANNEL_ID),
    case("inline query", payloads.inline_query, None, 7, on="inline_query"),
    case("button", lambda: payloads.button(b"x"), 7, 7, on="callback_query"),
    case("join request", payloads.join_request, GROUP_ID, 7, on="chat_join_request"),
    case("status", payloads.status, None, 7, on="user_status"),
    case("deleted messages", payloads.deleted_messages, None, None, on="deleted_messages"),
    case("old group", lambda: payloads.in_old_group("hi"), OLD_GROUP_ID, 7),
]
if IS_KURIGRAM:
    CASES += [
        case("forum topic", lambda: payloads.topic_message(9), GROUP_ID, 7, thread_id=9),
        case(
            "business message",
            payloads.business_message,
            7,
            7,
            on="business_message",
            business_connection_id="bc1",
        ),
        case("reaction", lambda: payloads.reaction(Peer(user_id=8)), GROUP_ID, 8, on="message_reaction"),
        case(
            "anonymous reaction",
            lambda: payloads.reaction(InChannel(channel_id=GROUP)),
            GROUP_ID,
            GROUP_ID,
            on="message_reaction",
        ),
        case("poll answer", payloads.poll_answer, None, 7, on="poll"),
    ]


@pytest.mark.parametrize(("payload", "on", "expected"), CASES)
async def test_dialogue_limit_order_and_user_ask_who_is_speaking_and_get_one_answer(
    app: OfflineClient, payload: Any, on: str, expected: Subject
) -> None:
    subjects, users, orders, raw_users = [], [], [], []
    app.middleware(RateLimitMiddleware("1/hour", strategy="gcra"))

    async def handler(client: Any, update: Any) -> None:
        delivery = current_delivery()
        assert delivery is not None
        subjects.append(subject_of(client, update))
        users.append(repr(user))
        orders.append(delivery.speaker)

    async def raw_handler(client: Any, update: Any, *_: Any) -> None:
        raw_users.append(repr(user))

    getattr(app, f"on_{on}")()(handler)
    app.on_raw_update(group=1)(raw_handler)
    await app.begin()
    await app.deliver(payload())
    await app.deliver(payload())

    once_or_twice = 2 if expected.user_id is None else 1  # the second one is over the limit of its speaker
    assert subjects == [expected] * once_or_twice
    assert set(orders) == {expected.user_id}
    whose = "this handler has no user" if expected.user_id is None else repr(str(expected.user_id))
    assert set(users + raw_users) == {f"<user: {whose}>"}


async def test_two_groups_with_anonymous_administrators_do_not_share_a_dialogue(app: OfflineClient) -> None:
    @app.on_message()
    async def remember(client: Any, message: Any) -> None:
        await client.fsm(message).update_data(seen=message.chat.id)

    await app.begin()
    await app.deliver(payloads.in_group(None), payloads.channel_post(), payloads.linked_post())

    assert len(await app.botkeep.namespace("fsm").list_keys()) == 3
