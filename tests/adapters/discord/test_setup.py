"""`setup_persistence`: what it takes, and the life of the storage."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import discord
import pytest
from tests.adapters.discord.bots import Bot, Counter, restarted, row, rows_of, running
from tests.adapters.discord.server import DiscordServer

from botkeep import MemoryStorage, SQLiteStorage, StorageClosedError, store
from botkeep_discord import RestoreSummary, setup_persistence


class Lookalike:
    """Not the library's, but it has all that a bot needs."""

    def __init__(self) -> None:
        self.views: dict[int | None, discord.ui.View] = {}

    def get_channel(self, _: int) -> Any:
        return None

    async def fetch_channel(self, channel_id: int) -> Any:
        raise ConnectionError(f"no network, no channel {channel_id}")

    def add_view(self, view: discord.ui.View, *, message_id: int | None = None) -> None:
        self.views[message_id] = view

    async def close(self) -> None:
        """It has nothing to close."""


async def test_whatever_has_the_three_methods_is_a_bot(storage: MemoryStorage) -> None:
    await rows_of(storage).set_state("lobby", row())
    bot = Lookalike()
    summary = await setup_persistence(bot, backend=storage)
    await bot.close()

    assert isinstance(bot.views[900], Counter)
    assert summary.unreachable == ["lobby"]


async def test_what_lacks_one_of_them_is_none() -> None:
    with pytest.raises(TypeError, match="has no fetch_channel, add_view"):
        await setup_persistence(type("Half", (), {"get_channel": None})())


async def test_a_plain_client_will_do(server: DiscordServer, storage: MemoryStorage) -> None:
    class Client(discord.Client):
        async def setup_hook(self) -> None:
            self.summary = await setup_persistence(self, backend=storage)

    await rows_of(storage).set_state("lobby", row())
    server.rest.add_message(900)
    async with running(Client(intents=discord.Intents.none())) as client:
        answer = await server.click(900, "add")
        await server.delete_message(900)
        while await rows_of(storage).list_keys():  # noqa: ASYNC110 # the storage has no event for it
            await asyncio.sleep(0.005)

    assert client.summary["restored"] == ["lobby"]
    assert answer["data"]["content"] == "1 clicks"


async def test_without_a_bot_only_data_is_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    storage = SQLiteStorage("bot.db")
    summary = await setup_persistence(backend=storage)
    await store.save("theme", "dark")
    await storage.stop()

    assert summary == {"restored": [], "skipped": [], "failed": [], "removed": []}
    assert isinstance(summary, RestoreSummary)
    async with SQLiteStorage("bot.db") as later:
        assert await later.namespace("ambient").namespace("store").get_state("theme") == "dark"


@pytest.mark.usefixtures("server")
async def test_a_file_path_is_a_json_file(tmp_path: Path) -> None:
    async with running(Bot(file_path=tmp_path / "state.json")) as bot:
        await Counter(state_key="lobby").send(bot.channel)
    async with running(Bot(file_path=str(tmp_path / "state.json"))) as bot:
        again = await setup_persistence(bot, file_path=tmp_path / "state.json")

    assert bot.summary["restored"] == ["lobby"]
    assert again["restored"] == []
    assert '"lobby"' in (tmp_path / "state.json").read_text()


@pytest.mark.usefixtures("server")
async def test_without_a_place_it_is_a_database_under_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with running(Bot()):
        pass

    assert (tmp_path / "data" / "botkeep.db").exists()


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"file_path": "a.json", "backend": MemoryStorage()}, "either file_path or backend"),
        ({"verify": "later"}, 'True, False or "background"'),
        ({"timeout": 3}, "between 0 and the 3.0 s of Discord"),
        ({"timeout": 0}, "between 0 and the 3.0 s of Discord"),
        ({"backend": object()}, "has save_state"),
    ],
)
async def test_what_cannot_be_meant_is_refused(options: dict[str, Any], complaint: str) -> None:
    with pytest.raises((TypeError, ValueError), match=complaint):
        await setup_persistence(Lookalike(), **options)


async def test_the_storage_is_closed_after_the_client(server: DiscordServer, storage: MemoryStorage) -> None:
    del server
    seen: list[str] = []

    class Closing(Bot):
        async def close(self) -> None:
            await super().close()
            seen.extend(await rows_of(storage).list_keys())

    await rows_of(storage).set_state("lobby", row())
    async with running(Closing(backend=storage, verify=False)):
        pass

    assert seen == ["lobby"]
    with pytest.raises(StorageClosedError):
        await rows_of(storage).list_keys()


async def test_a_storage_of_two_clients_is_closed_after_the_second(
    server: DiscordServer, storage: MemoryStorage
) -> None:
    del server
    async with restarted(storage) as one:
        async with restarted(storage) as two:
            message = await Counter(state_key="two").send(two.channel)
        assert await rows_of(storage).list_keys() == ["two"]
        await Counter(state_key="one").send(one.channel)
        assert message.id

    with pytest.raises(StorageClosedError):
        await rows_of(storage).list_keys()


@pytest.mark.usefixtures("server")
async def test_a_closed_client_is_as_it_was_before(storage: MemoryStorage) -> None:
    bot = Bot(backend=storage)
    before = {**vars(bot)}
    parsers = {**bot._connection.parsers}
    async with running(bot):
        during = bot._connection.parsers["INTERACTION_CREATE"]

    assert during is not parsers["INTERACTION_CREATE"]
    assert bot._connection.parsers == parsers
    assert set(vars(bot)) == set(before)
    assert asyncio.all_tasks() == {asyncio.current_task()}
