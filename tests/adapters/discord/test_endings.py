"""How views end: stopped by their author, or gone with their message, channel or guild."""

from __future__ import annotations

from datetime import timedelta

import discord
import pytest
from tests.adapters.conditions import until
from tests.adapters.discord import payloads
from tests.adapters.discord.bots import Bot, Counter, restarted, row, rows_of, running
from tests.adapters.discord.faults import TroubledStorage
from tests.adapters.discord.payloads import CHANNEL
from tests.adapters.discord.rest import HANG
from tests.adapters.discord.server import DiscordServer

from botkeep import BaseStorage, MemoryStorage
from botkeep_discord import PersistentView, persistence, setup_persistence
from botkeep_discord.views import live_views

GUILD = 55
TEXT = 60
THREAD = 61


class Gift(PersistentView):
    """May be claimed once."""

    @discord.ui.button(label="claim", custom_id="claim")
    async def claim(self, interaction: discord.Interaction, _: discord.ui.Button[Gift]) -> None:
        self.stop()
        await self.state.save({"claimed": interaction.user.id})
        await interaction.response.send_message("claimed", ephemeral=True)


def states_of(storage: BaseStorage) -> BaseStorage:
    return storage.namespace("discord").namespace("states")


async def is_forgotten(storage: BaseStorage) -> bool:
    return not await rows_of(storage).list_keys() and not await states_of(storage).list_keys()


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_views, "REPOST_SECONDS", 0.05)


@pytest.mark.parametrize("verify", [True, False, "background"])
async def test_a_view_that_was_stopped_stays_stopped(
    server: DiscordServer, storage: MemoryStorage, verify: bool
) -> None:
    async with running(Bot(backend=storage)) as bot:
        message = await Gift(state_key="gift").send(bot.channel)
        await server.click(message.id, "claim")
    async with restarted(storage, verify=verify) as bot:
        await bot.summary.checked()
        views = list(bot.persistent_views)
        state = await states_of(storage).get_state("gift")

    assert views == []
    assert bot.summary == {"restored": [], "skipped": [], "failed": [], "removed": []}
    assert state == {"claimed": 7}


async def test_a_stop_is_stored_even_if_the_storage_is_down_for_a_while(
    server: DiscordServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(persistence, "_FIRST_RETRY", 0.02)
    storage = TroubledStorage()
    async with running(Bot(backend=storage)) as bot:
        view = Gift(state_key="gift")
        await view.send(bot.channel)
        storage.is_down = True
        view.stop()
        await until(lambda: _has_failed(caplog))
        storage.is_down = False
        await until(lambda: _is_stopped(storage))
    async with restarted(storage) as bot:
        assert list(bot.persistent_views) == []


async def _has_failed(caplog: pytest.LogCaptureFixture) -> bool:
    return "to be tried again" in caplog.text


async def _is_stopped(storage: BaseStorage) -> bool:
    return bool((await rows_of(storage).get_state("gift", {})).get("stopped"))


async def test_a_view_that_is_stopped_while_it_is_sent_stays_stopped(
    server: DiscordServer, storage: MemoryStorage
) -> None:
    async with running(Bot(backend=storage)) as bot:
        view = Gift(state_key="gift")
        server.rest.delay = 0.05
        sending = bot.loop.create_task(view.send(bot.channel))
        await server.until(lambda: server.rest.made("POST /channels/.*"))
        view.stop()
        await sending
        server.rest.delay = 0.0
    async with restarted(storage) as bot:
        assert list(bot.persistent_views) == []


async def test_a_key_whose_view_has_stopped_may_be_used_again(
    server: DiscordServer, storage: MemoryStorage
) -> None:
    async with running(Bot(backend=storage)) as bot:
        first = await Gift(state_key="gift").send(bot.channel)
        await server.click(first.id, "claim")
        second = await Gift(state_key="gift").send(bot.channel)
    async with restarted(storage):
        answer = await server.click(second.id, "claim")

    assert answer["data"]["content"] == "claimed"


async def test_what_a_view_remembers_goes_with_its_message(
    server: DiscordServer, storage: MemoryStorage
) -> None:
    async with running(Bot(backend=storage)) as bot:
        counter = Counter(state_key="lobby")
        message = await counter.send(bot.channel)
        await server.click(message.id, "add")
        gift = await Gift(state_key="gift").send(bot.channel)
        await server.click(gift.id, "claim")
        await server.delete_message(message.id)
        await server.delete_message(gift.id)
        await until(lambda: is_forgotten(storage))

        assert counter.is_finished()


async def test_a_panel_that_is_deleted_to_be_sent_anew_keeps_its_state(
    server: DiscordServer, storage: MemoryStorage
) -> None:
    async with running(Bot(backend=storage)) as bot:
        old = await Counter(state_key="lobby").send(bot.channel)
        await server.click(old.id, "add")
        await old.delete()
        await server.delete_message(old.id)
        new = await Counter(state_key="lobby").send(bot.channel)
        answer = await server.click(new.id, "add")
    async with restarted(storage):
        later = await server.click(new.id, "add")

    assert answer["data"]["content"] == "2 clicks"
    assert later["data"]["content"] == "3 clicks"


async def in_guild(server: DiscordServer, bot: Bot) -> None:
    """Have the bot in a guild with a text channel and a thread, a view in each; and one elsewhere."""
    channels = [payloads.text_channel(TEXT, GUILD)]
    threads = [payloads.thread(THREAD, GUILD, TEXT)]
    await server.gateway.send("GUILD_CREATE", payloads.guild(GUILD, channels=channels, threads=threads))
    await until(lambda: _has(bot, THREAD))
    for channel in (TEXT, THREAD):
        view = Counter(state_key=f"{channel}")
        await view.send(bot.get_partial_messageable(channel, guild_id=GUILD))
        await view.state.save({"clicks": 1})
    await Counter(state_key="elsewhere").send(bot.channel)


async def _has(bot: Bot, channel: int) -> bool:
    return bot.get_channel(channel) is not None


async def _keys(storage: BaseStorage) -> tuple[list[str], list[str]]:
    return await rows_of(storage).list_keys(), await states_of(storage).list_keys()


@pytest.mark.parametrize(
    ("event", "data", "kept"),
    [
        ("GUILD_DELETE", {"id": f"{GUILD}"}, []),
        ("CHANNEL_DELETE", payloads.text_channel(TEXT, GUILD), []),
        ("THREAD_DELETE", payloads.thread(THREAD, GUILD, TEXT), [f"{TEXT}"]),
    ],
)
async def test_views_go_with_their_guild_channel_or_thread(
    server: DiscordServer, storage: MemoryStorage, event: str, data: payloads.Payload, kept: list[str]
) -> None:
    async def is_tidied() -> bool:
        return await _keys(storage) == ([*kept, "elsewhere"], kept)

    async with running(Bot(backend=storage)) as bot:
        await in_guild(server, bot)
        await server.gateway.send(event, data)
        await until(is_tidied)


async def test_views_of_a_guild_that_is_only_unavailable_are_kept(
    server: DiscordServer, storage: MemoryStorage
) -> None:
    async with running(Bot(backend=storage)) as bot:
        await in_guild(server, bot)
        await server.gateway.send("GUILD_DELETE", {"id": f"{GUILD}", "unavailable": True})
        await until(lambda: _is_unavailable(bot))
        keys = await _keys(storage)

    assert keys == ([f"{TEXT}", f"{THREAD}", "elsewhere"], [f"{TEXT}", f"{THREAD}"])


async def _is_unavailable(bot: Bot) -> bool:
    guild = bot.get_guild(GUILD)
    return guild is not None and guild.unavailable


@pytest.mark.parametrize("verify", [True, "background"])
async def test_what_happened_while_the_bot_was_offline_is_tidied_at_the_next_start(
    server: DiscordServer, storage: MemoryStorage, verify: bool
) -> None:
    for key, message_id, fields in (
        ("deleted", 901, {}),
        ("stopped and deleted", 902, {"stopped": True}),
        ("left", 903, {"channel_id": 99, "guild_id": GUILD}),
        ("forbidden", 904, {"channel_id": 98, "guild_id": 66}),
    ):
        await rows_of(storage).set_state(key, row(message_id=message_id, **fields))
        await states_of(storage).set_state(key, {"clicks": 1})
    server.rest.fail("GET /channels/9[89]", 403)
    server.rest.guilds = [payloads.guild(66)]
    async with restarted(storage, verify=verify) as bot:
        await bot.summary.checked()
        keys = await _keys(storage)

    assert bot.summary["removed"] == ["deleted", "left"]
    assert bot.summary.unreachable == ["forbidden"]
    assert keys == (["forbidden"], ["forbidden"])


async def test_a_view_that_ends_while_others_are_checked_is_no_error(
    server: DiscordServer, storage: MemoryStorage
) -> None:
    async with running(Bot(backend=storage)) as bot:
        for number in (901, 902):
            server.rest.add_message(number)
            await rows_of(storage).set_state(f"{number}", row(message_id=number))
        server.rest.fail(f"GET /channels/{CHANNEL}/messages/902", HANG)
        again = bot.loop.create_task(setup_persistence(bot))
        await until(lambda: _are_alive(bot, 1))
        (ended,) = bot.persistent_views
        ended.stop()
        server.rest.faults.clear()
        server.rest.release()
        summary = await again
        (alive,) = bot.persistent_views

    assert isinstance(ended, Counter)
    assert isinstance(alive, Counter)
    assert (ended.state_key, alive.state_key) == ("901", "902")
    assert set(summary["restored"]) <= {"901", "902"}


async def _are_alive(bot: Bot, count: int) -> bool:
    return len(bot.persistent_views) == count


async def test_two_rows_of_one_message_leave_it_to_the_later_one(
    server: DiscordServer, storage: MemoryStorage
) -> None:
    server.rest.add_message(900)
    now = discord.utils.utcnow()
    await rows_of(storage).set_state("a", row(registered_at=now))
    await rows_of(storage).set_state("b", row(registered_at=now - timedelta(seconds=1)))
    async with restarted(storage) as bot:
        (view,) = bot.persistent_views

    assert isinstance(view, Counter)
    assert view.state_key == "a"
    assert bot.summary == {"restored": ["a"], "skipped": [], "failed": [], "removed": ["b"]}


async def test_a_view_that_answers_an_interaction_knows_its_guild_though_the_client_does_not(
    server: DiscordServer, storage: MemoryStorage
) -> None:
    bot = Bot(backend=storage)

    @bot.tree.command(description="panel")
    async def panel(interaction: discord.Interaction) -> None:
        await Counter(state_key="lobby").send(interaction)

    async def is_stored() -> bool:
        return await rows_of(storage).exists("lobby")

    async with running(bot):
        await server.command("panel", guild=GUILD)
        await until(is_stored)
        stored = await rows_of(storage).get_state("lobby")

    assert (stored["guild_id"], stored["user_id"]) == (GUILD, 7)
