"""Order among the updates of one user, and the ways out of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pyrogram import filters
from tests.adapters.pyrogram.offline import OfflineClient
from tests.adapters.pyrogram.payloads import album, message

from botkeep import MemoryStorage


@pytest.fixture
async def app() -> AsyncIterator[OfflineClient]:
    client = OfflineClient(storage=MemoryStorage())
    yield client
    if client.is_connected:
        await client.stop()


def collect_albums(client: OfflineClient, collected: list[list[str]], *, size: int) -> None:
    """What bots do with albums: the first part waits for the others, which add themselves."""
    parts: dict[str, list[str]] = {}
    whole = asyncio.Event()

    @client.on_message(filters.create(lambda _, __, update: bool(update.media_group_id)))
    async def collect(_: Any, update: Any) -> None:
        others = update.media_group_id in parts
        parts.setdefault(update.media_group_id, []).append(update.text)
        if len(parts[update.media_group_id]) == size:
            whole.set()
        if not others:
            await asyncio.wait_for(whole.wait(), 10)
            whole.clear()
            # They are handled at the same time, and so in no order among themselves.
            collected.append(sorted(parts.pop(update.media_group_id)))


async def test_the_parts_of_an_album_do_not_wait_for_each_other(app: OfflineClient) -> None:
    collected: list[list[str]] = []
    collect_albums(app, collected, size=3)
    await app.begin()
    await app.deliver(*album(1, "a", "b", "c"))
    await app.deliver(*album(2, "d", "e", "f"))

    assert collected == [["a", "b", "c"], ["d", "e", "f"]]


async def test_albums_and_messages_of_one_user_keep_their_order(app: OfflineClient) -> None:
    log: list[Any] = []
    collect_albums(app, log, size=2)

    @app.on_message()
    async def single(_: Any, update: Any) -> None:
        log.append(update.text)

    await app.begin()
    await app.deliver(message("1"), *album(1, "a", "b"), message("2"), *album(2, "c", "d"), message("3"))

    assert log == ["1", ["a", "b"], "2", ["c", "d"], "3"]


@pytest.mark.parametrize("in_thread", [False, True])
async def test_a_handler_that_waits_for_its_users_next_message_can_let_it_pass(
    app: OfflineClient, in_thread: bool
) -> None:
    answers: asyncio.Queue[str] = asyncio.Queue()
    log = []

    @app.on_message(filters.command("ask"))
    async def ask(client: Any, _: Any) -> None:
        if in_thread:
            await asyncio.to_thread(client.release_order)
        else:
            client.release_order()
        log.append(f"answer: {await asyncio.wait_for(answers.get(), 5)}")

    @app.on_message(group=1)
    async def answer(_: Any, update: Any) -> None:
        if update.text != "/ask":
            log.append(update.text)
            await answers.put(update.text)

    await app.begin()
    await app.deliver(message("/ask"), message("yes"))

    assert log == ["yes", "answer: yes"]


async def test_what_was_released_stays_in_order_among_itself(app: OfflineClient) -> None:
    log = []
    go = asyncio.Event()

    @app.on_message(filters.command("ask"))
    async def ask(client: Any, _: Any) -> None:
        client.release_order()
        client.release_order()
        await go.wait()

    @app.on_message()
    async def slow(_: Any, update: Any) -> None:
        log.append(f"+{update.text}")
        await asyncio.sleep(0)
        log.append(f"-{update.text}")
        if update.text == "2":
            go.set()

    await app.begin()
    await app.deliver(message("/ask"), message("1"), message("2"), message("3"))

    assert log == ["+1", "-1", "+2", "-2", "+3", "-3"]


async def test_outside_a_handler_there_is_no_order_to_release(app: OfflineClient) -> None:
    with pytest.raises(RuntimeError, match="none is running here"):
        app.release_order()


async def test_order_can_be_left_out() -> None:
    app = OfflineClient(storage=MemoryStorage(), ordered=False)
    both = asyncio.Event()
    arrived = []

    @app.on_message()
    async def meet(client: Any, update: Any) -> None:
        client.release_order()  # may stand in a bot that has no order
        arrived.append(update.text)
        if len(arrived) == 2:
            both.set()
        await asyncio.wait_for(both.wait(), 5)

    await app.begin()
    await app.deliver(message("a"), message("b"))
    await app.stop()

    assert sorted(arrived) == ["a", "b"]


async def test_all_that_was_delivered_is_handled_before_the_client_has_stopped(app: OfflineClient) -> None:
    log = []

    @app.on_message()
    async def slow(_: Any, update: Any) -> None:
        await asyncio.sleep(0.001)
        log.append(update.text)

    await app.begin()
    texts = [str(number) for number in range(20)]
    for text in texts:
        await app.handle_updates(message(text))
    await app.stop()
    await app.start()

    assert log == texts
