"""A Discord bot whose panels survive: kill it, start it again, and the old buttons go on where they stopped.

    pip install 'botkeep[discord]'
    BOT_TOKEN=... python examples/discord_bot.py

``/poll`` asks a question, ``/roles`` lets members choose their roles, ``/desk`` opens a ticket desk and
``/tickets`` lists your own tickets.
"""

from __future__ import annotations

import logging
import os

import discord
from discord import app_commands, ui

from botkeep import store, user
from botkeep.storages.addresses import storage_at
from botkeep_discord import PersistentModal, PersistentView, cooldown, setup_persistence


class Poll(PersistentView):
    """One button for each option; the last vote of a user counts."""

    def __init__(self, *, state_key: str, question: str, options: list[str]) -> None:
        super().__init__(state_key=state_key)
        self.question = question
        self.options = options
        for number, option in enumerate(options):
            self.add_item(PollButton(option, number))

    def text(self, votes: dict[str, int]) -> str:
        counts = [list(votes.values()).count(number) for number in range(len(self.options))]
        lines = [f"{option}: {count}" for option, count in zip(self.options, counts, strict=True)]
        return "\n".join([f"**{self.question}**", *lines])

    @ui.button(label="Close", custom_id="close", style=discord.ButtonStyle.danger, row=4)
    async def close(self, interaction: discord.Interaction, _: ui.Button[Poll]) -> None:
        if interaction.user.id != self.user_id:
            await interaction.response.send_message("It is not your poll.", ephemeral=True)
            return
        text = self.text(await self.state.load())
        await interaction.response.edit_message(content=f"{text}\nClosed.", view=None)
        await self.exit()


class PollButton(ui.Button[Poll]):
    def __init__(self, option: str, number: int) -> None:
        super().__init__(label=option, custom_id=f"option:{number}")
        self.number = number

    async def callback(self, interaction: discord.Interaction) -> None:
        assert self.view is not None
        voter = str(interaction.user.id)
        votes = await self.view.state.update(lambda votes: {**votes, voter: self.number})
        await interaction.response.edit_message(content=self.view.text(votes))


class RolePanel(PersistentView):
    """A menu of roles; choosing one takes it, choosing it again gives it back."""

    def __init__(self, *, state_key: str, roles: dict[str, int]) -> None:
        super().__init__(state_key=state_key)
        self.add_item(RoleMenu(roles))


class RoleMenu(ui.Select[RolePanel]):
    def __init__(self, roles: dict[str, int]) -> None:
        options = [discord.SelectOption(label=name, value=str(role)) for name, role in roles.items()]
        super().__init__(custom_id="choose", placeholder="Your roles", options=options)

    async def callback(self, interaction: discord.Interaction) -> None:
        assert isinstance(interaction.user, discord.Member)
        role = discord.Object(int(self.values[0]))
        had_it = interaction.user.get_role(role.id) is not None
        await (interaction.user.remove_roles(role) if had_it else interaction.user.add_roles(role))
        words = "no longer yours" if had_it else "yours"
        await interaction.response.send_message(f"<@&{role.id}> is {words}.", ephemeral=True)


class TicketDesk(PersistentView):
    """Hands out tickets with running numbers."""

    interaction_check = cooldown(2, 60.0)

    @ui.button(label="New ticket", custom_id="new")
    async def new(self, interaction: discord.Interaction, _: ui.Button[TicketDesk]) -> None:
        await NewTicket(state_key=self.state_key).send(interaction)


class NewTicket(PersistentModal, title="New ticket"):
    """Shares the state of the desk that opened it."""

    subject = ui.TextInput[ui.View](label="What is it about?", custom_id="subject")

    async def on_submit(self, interaction: discord.Interaction) -> None:
        number = await self.state.increment("tickets")
        ticket = f"#{number}: {self.subject.value}"
        await user.update("tickets", lambda tickets: [*tickets, ticket], default=[])
        await interaction.response.send_message(f"Your ticket is {ticket}", ephemeral=True)


class PanelBot(discord.Client):
    def __init__(self) -> None:
        super().__init__(intents=discord.Intents.default())
        self.tree = app_commands.CommandTree(self)
        self.tree.add_command(poll)
        self.tree.add_command(roles)
        self.tree.add_command(desk)
        self.tree.add_command(tickets)

    async def setup_hook(self) -> None:
        storage = storage_at(os.environ.get("STORAGE", "discord.db"))
        print(await setup_persistence(self, backend=storage, verify="background"))
        await self.tree.sync()


@app_commands.command(description="Ask a question")
@app_commands.describe(options="separated by commas")
@cooldown(1, 10.0)
async def poll(interaction: discord.Interaction, question: str, options: str) -> None:
    number = await store.increment("polls")
    choices = [option.strip() for option in options.split(",")][:20]
    view = Poll(state_key=f"poll:{number}", question=question, options=choices)
    await view.send(interaction, view.text({}))


@app_commands.command(description="Let members choose their roles")
@app_commands.guild_only()
@app_commands.default_permissions(manage_roles=True)
async def roles(interaction: discord.Interaction, one: discord.Role, other: discord.Role) -> None:
    panel = RolePanel(state_key=f"roles:{one.id}-{other.id}", roles={one.name: one.id, other.name: other.id})
    await panel.send(interaction, "Which roles would you like?")


@app_commands.command(description="Open the ticket desk here; an older one is closed")
@app_commands.default_permissions(manage_messages=True)
async def desk(interaction: discord.Interaction) -> None:
    await TicketDesk(state_key=f"desk:{interaction.guild_id}").send(interaction, "What can we do for you?")


@app_commands.command(description="List your tickets")
async def tickets(interaction: discord.Interaction) -> None:
    yours = await user.load("tickets", ["none yet"])
    await interaction.response.send_message("\n".join(["Your tickets:", *yours]), ephemeral=True)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    PanelBot().run(os.environ["BOT_TOKEN"], log_handler=None)
