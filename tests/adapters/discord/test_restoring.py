from __future__ import annotations

from typing import Any

import pytest
from tests.adapters.discord import payloads
from tests.adapters.discord.bots import Counter, restarted, row, rows_of
from tests.adapters.discord.payloads import CHANNEL
from tests.adapters.discord.rest import HANG
from tests.adapters.discord.server import DiscordServer

from botkeep import BaseStorage, MemoryStorage
from botkeep_discord import PersistentView, RestoreSummary
from botkeep_discord.views import message_checks

MESSAGE = f"GET /channels/{CHANNEL}/messages/900"
NOTHING: dict[str, list[str]] = {"restored": [], "skipped": [], "failed": [], "removed": []}


class Refusing(PersistentView):
    """Its constructor raises."""

    def __init__(self, *, state_key: str) -> None:
        raise RuntimeError(f"not today, {state_key}")


class Unbindable(Counter):
    """Its bot does not have what it needs."""

    async def on_bind(self, bot: Any) -> None:
        raise LookupError(f"{bot!r} has no such thing")


async def outcome(server: DiscordServer, storage: BaseStorage, document: Any) -> tuple[RestoreSummary, bool]:
    """Restart with the row "odd" beside one that is good.

    Return the summary without the good one, which must be alive, and whether "odd" is kept.
    """
    server.rest.add_message(901)
    await rows_of(storage).set_state("odd", document)
    await rows_of(storage).set_state("good", row(message_id=901))
    async with restarted(storage) as bot:
        answer = await server.click(901, "add")
        kept = await rows_of(storage).exists("odd")

    assert answer["data"]["content"] == "1 clicks"
    bot.summary["restored"].remove("good")
    return bot.summary, kept


async def test_a_view_whose_class_is_not_imported_is_skipped_and_kept(
    server: DiscordServer, storage: MemoryStorage
) -> None:
    summary, kept = await outcome(server, storage, {**row(), "class_name": "cogs.polls.Poll"})

    assert summary == {**NOTHING, "skipped": ["odd"]}
    assert kept


@pytest.mark.parametrize(
    "document",
    [
        None,
        "not a row",
        {},
        {**row(), "message_id": None},
        {**row(), "channel_id": "lobby"},
        {**row(), "keywords": [1]},
    ],
    ids=["null", "text", "empty", "no message", "channel is text", "keywords are a list"],
)
async def test_a_malformed_row_fails_alone_and_is_kept(
    server: DiscordServer, storage: MemoryStorage, document: Any
) -> None:
    summary, kept = await outcome(server, storage, document)

    assert summary == {**NOTHING, "failed": ["odd"]}
    assert kept


@pytest.mark.parametrize(
    "document",
    [
        row(Refusing),
        row(Unbindable),
        row(keywords={"unknown": 1}),
        row(version=0, keywords={}),
        row(version=2, keywords={}),
    ],
    ids=["constructor raises", "on_bind raises", "unknown keyword", "no migration", "newer"],
)
async def test_a_view_that_cannot_be_constructed_is_kept(
    server: DiscordServer, storage: MemoryStorage, document: Any
) -> None:
    server.rest.add_message(900)
    summary, kept = await outcome(server, storage, document)

    outcomes = [*summary["failed"], *summary["skipped"]]
    assert outcomes == ["odd"]
    assert kept


async def test_a_view_whose_message_is_gone_is_removed(server: DiscordServer, storage: MemoryStorage) -> None:
    summary, kept = await outcome(server, storage, row())

    assert summary == {**NOTHING, "removed": ["odd"]}
    assert not kept


async def test_a_view_whose_channel_is_gone_is_removed(server: DiscordServer, storage: MemoryStorage) -> None:
    summary, kept = await outcome(server, storage, row(channel_id=5))

    assert summary == {**NOTHING, "removed": ["odd"]}
    assert not kept


@pytest.mark.parametrize("call", [MESSAGE, "GET /channels/78"], ids=["message", "channel"])
@pytest.mark.parametrize("status", [403, 400, 500, 503, HANG], ids=["403", "400", "500", "503", "time-out"])
async def test_only_not_found_removes_a_view(
    server: DiscordServer,
    storage: MemoryStorage,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    call: str,
) -> None:
    monkeypatch.setattr(message_checks, "CALL_SECONDS", 0.2)
    server.rest.add_message(900)
    server.rest.fail(call, status)
    channel = CHANNEL if call == MESSAGE else 78
    summary, kept = await outcome(server, storage, row(channel_id=channel))

    assert summary == NOTHING
    assert summary.unreachable == ["odd"]
    assert kept


async def test_a_view_that_could_not_be_looked_at_answers_all_the_same(
    server: DiscordServer, storage: MemoryStorage
) -> None:
    server.rest.add_message(900)
    server.rest.fail(MESSAGE, 403)
    await rows_of(storage).set_state("lobby", row())
    async with restarted(storage) as bot:
        answer = await server.click(900, "add")

    assert bot.summary.unreachable == ["lobby"]
    assert answer["data"]["content"] == "1 clicks"


async def test_a_channel_without_messages_does_not_remove_a_view(
    server: DiscordServer, storage: MemoryStorage
) -> None:
    server.rest.channels[78] = payloads.category(78, guild=1)
    await rows_of(storage).set_state("odd", row(channel_id=78))
    async with restarted(storage) as bot:
        assert await rows_of(storage).exists("odd")

    assert bot.summary == NOTHING
    assert bot.summary.unreachable == ["odd"]
