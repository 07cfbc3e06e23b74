"""examples/discord_bot.py itself, in a process of its own, killed and started again."""

from __future__ import annotations

from pathlib import Path

from tests.adapters.discord.payloads import Payload
from tests.adapters.discord.processes import launched
from tests.adapters.discord.server import DiscordServer

PROGRAM = Path(__file__).parents[3] / "examples" / "discord_bot.py"
GUILD = 55


def text_of(answer: Payload) -> str:
    text: str = answer["data"]["content"]
    return text


async def test_buttons_menus_and_modals_of_a_killed_bot_go_on_with_their_state(
    server: DiscordServer, tmp_path: Path
) -> None:
    storage = f"sqlite:{tmp_path}/bot.db"
    async with launched(PROGRAM, server, STORAGE=storage):
        await server.command("poll", question="Pizza?", options="yes, no", user=1)
        await server.command("roles", one=501, other=502, guild=GUILD)
        await server.command("desk", guild=GUILD)
        await server.until(lambda: len(server.rest.messages) == 3)
        poll, roles, desk = server.rest.messages
        await server.click(poll, "option:0", user=7)
        first = await server.click(desk, "new", user=7)
        open_modal = await server.click(desk, "new", user=8)
        await server.submit(first["data"], {"subject": "cold pizza"}, user=7)

    async with launched(PROGRAM, server, STORAGE=storage):
        voted = await server.click(poll, "option:1", user=8)
        taken = await server.choose(roles, "choose", "502", guild=GUILD)
        ticket = await server.submit(open_modal["data"], {"subject": "no pizza"}, user=8)
        again = await server.click(desk, "new", user=7)
        tickets = await server.command("tickets", user=7)
        kept = await server.click(poll, "close", user=7)
        closed = await server.click(poll, "close", user=1)

    assert text_of(voted) == "**Pizza?**\nyes: 1\nno: 1"
    assert server.rest.made(f"PUT /guilds/{GUILD}/members/7/roles/502")
    assert text_of(taken) == "<@&502> is yours."
    assert text_of(ticket) == "Your ticket is #2: no pizza"
    assert again["type"] == 9
    assert text_of(tickets) == "Your tickets:\n#1: cold pizza"
    assert text_of(kept) == "It is not your poll."
    assert text_of(closed).endswith("Closed.")


async def test_what_is_done_too_often_is_refused_also_after_a_restart(
    server: DiscordServer, tmp_path: Path
) -> None:
    storage = f"sqlite:{tmp_path}/bot.db"
    async with launched(PROGRAM, server, STORAGE=storage):
        await server.command("desk", guild=GUILD)
        await server.until(lambda: server.rest.messages)
        (desk,) = server.rest.messages
        await server.click(desk, "new", user=7)
        await server.click(desk, "new", user=7)

    async with launched(PROGRAM, server, STORAGE=storage):
        refused = await server.click(desk, "new", user=7)
        other = await server.click(desk, "new", user=8)

    assert text_of(refused).startswith("You are on cooldown.")
    assert other["type"] == 9
