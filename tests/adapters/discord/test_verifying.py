"""The three ways of `verify`, and what a run tells later processes."""

from __future__ import annotations

import asyncio

import pytest
from tests.adapters.discord.bots import Bot, Counter, restarted, row, rows_of
from tests.adapters.discord.faults import TroubledStorage
from tests.adapters.discord.rest import HANG
from tests.adapters.discord.server import DiscordServer

from botkeep import BaseStorage, MemoryStorage, StorageUnavailableError
from botkeep_discord import setup_persistence


async def fill(storage: BaseStorage, count: int) -> None:
    for number in range(count):
        await rows_of(storage).set_state(f"view:{number:03}", row(message_id=900 + number))


async def test_without_verifying_no_call_is_made(server: DiscordServer, storage: MemoryStorage) -> None:
    await fill(storage, 5)
    async with restarted(storage, verify=False) as bot:
        calls = server.rest.made("GET /channels/.*")

    assert calls == []
    assert len(bot.summary["restored"]) == 5


async def test_at_most_eight_messages_are_looked_at_at_once_and_a_channel_once(
    server: DiscordServer, storage: MemoryStorage
) -> None:
    await fill(storage, 40)
    for number in range(40):
        server.rest.add_message(900 + number)
    server.rest.delay = 0.01
    async with restarted(storage) as bot:
        pass

    assert len(bot.summary["restored"]) == 40
    assert bot.summary["restored"] == sorted(bot.summary["restored"])
    assert server.rest.busiest == 8
    assert len(server.rest.made("GET /channels/77")) == 1


async def test_in_the_background_views_are_alive_before_their_messages_were_looked_at(
    server: DiscordServer, storage: MemoryStorage
) -> None:
    await fill(storage, 3)
    server.rest.add_message(900)
    server.rest.add_message(901)
    server.rest.fail("GET /channels/77/messages/901", 403)
    server.rest.fail("GET /channels/77", HANG)
    async with restarted(storage, verify="background") as bot:
        at_start = {**bot.summary}
        answer = await server.click(900, "add")
        server.rest.faults.pop("GET /channels/77")
        server.rest.release()
        assert at_start == bot.summary
        assert at_start["restored"] == ["view:000", "view:001", "view:002"]
        assert answer["data"]["content"] == "1 clicks"


async def test_what_was_found_in_the_background_moves_from_list_to_list(
    server: DiscordServer, storage: MemoryStorage
) -> None:
    await fill(storage, 3)
    server.rest.add_message(900)
    server.rest.add_message(901)
    server.rest.fail("GET /channels/77/messages/901", 403)
    async with restarted(storage, verify="background") as bot:
        summary = await bot.summary.checked()
        kept = await rows_of(storage).list_keys()

    assert summary == {"restored": ["view:000"], "skipped": [], "failed": [], "removed": ["view:002"]}
    assert summary.unreachable == ["view:001"]
    assert kept == ["view:000", "view:001"]
    assert str(summary) == "1 restored, 0 skipped, 0 failed, 1 removed, 1 unreachable"


async def test_a_bot_that_closes_does_not_wait_for_looks_in_the_background(
    server: DiscordServer, storage: MemoryStorage
) -> None:
    await fill(storage, 3)
    server.rest.fail("GET /channels/77", HANG)
    async with restarted(storage, verify="background") as bot:
        pass

    assert (await bot.summary.checked())["restored"] == ["view:000", "view:001", "view:002"]


async def test_a_second_run_brings_back_views_of_classes_imported_meanwhile(
    server: DiscordServer, storage: MemoryStorage
) -> None:
    await rows_of(storage).set_state(
        "late", {**row(), "class_name": f"{__name__}.{_imported_later.__qualname__}.<locals>.Late"}
    )
    server.rest.add_message(900)
    async with restarted(storage) as bot:
        first = bot.summary
        _imported_later()
        second = await setup_persistence(bot)
        third = await setup_persistence(bot, backend=storage)
        answer = await server.click(900, "add")

    assert first["skipped"] == ["late"]
    assert second == {"restored": ["late"], "skipped": [], "failed": [], "removed": []}
    assert third == {"restored": [], "skipped": [], "failed": [], "removed": []}
    assert answer["data"]["content"] == "1 clicks"


def _imported_later() -> None:
    class Late(Counter):
        pass


async def test_another_storage_in_a_second_run_is_refused(
    server: DiscordServer, storage: MemoryStorage
) -> None:
    del server
    async with restarted(storage) as bot:
        with pytest.raises(ValueError, match=r"keeps its views in MemoryStorage\(\) already"):
            await setup_persistence(bot, backend=MemoryStorage())


@pytest.mark.usefixtures("server")
async def test_a_storage_that_is_down_at_the_start_stops_the_bot_and_loses_nothing() -> None:
    storage = TroubledStorage()
    await rows_of(storage).set_state("lobby", row())
    storage.is_down = True
    bot = Bot(backend=storage)
    with pytest.raises(StorageUnavailableError, match="as ordered"):
        async with bot:
            await bot.start("token")
    storage.is_down = False
    async with restarted(storage, verify=False) as bot:
        pass

    assert bot.summary["restored"] == ["lobby"]


async def test_a_storage_that_fails_while_rows_are_removed_is_an_error(server: DiscordServer) -> None:
    storage = TroubledStorage()
    await fill(storage, 20)
    server.rest.delay = 0.01

    async def break_it() -> None:
        await server.until(lambda: server.rest.made("GET /channels/77"))
        storage.is_down = True

    breaking = asyncio.ensure_future(break_it())
    bot = Bot(backend=storage)
    with pytest.raises(StorageUnavailableError):
        async with bot:
            await bot.start("token")
    await breaking
