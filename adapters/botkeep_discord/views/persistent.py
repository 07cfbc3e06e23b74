"""Views that are alive after a restart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import discord
from discord import app_commands

from botkeep import StorageUnavailableError
from botkeep_discord.errors import ViewError
from botkeep_discord.interactions.reply import answer
from botkeep_discord.interactions.scope import current_scope
from botkeep_discord.persistence import persistence_of
from botkeep_discord.views import messages
from botkeep_discord.views.restorable import Restorable

if TYPE_CHECKING:
    from botkeep_discord.views.messages import Destination
    from botkeep_discord.views.rows import Row


class Persistent(Restorable):
    """What `PersistentView` and `PersistentLayoutView` have in common.

    Each view has a state key, under which its row is stored: its class, what it was constructed with, and
    where its message is. At the next start `setup_persistence` constructs it from that and gives it back to
    its message.

    Args:
        state_key: the name of this one view: a new one sent under the same key takes its place.
    """

    _all_components: ClassVar[bool]
    _row: Row | None = None
    _message: discord.Message | discord.PartialMessage | None = None

    def __init__(self, *, state_key: str) -> None:
        super().__init__(state_key=state_key)

    async def send(
        self, destination: Destination, content: str | None = None, **options: Any
    ) -> discord.Message:
        """Send the view and store its row; from then on it survives restarts.

        A view sent earlier under the same key ends: its buttons are taken away, or, where a message consists
        of components only, the message.

        Args:
            destination: a channel, a user, a context; or an interaction, which is answered with it.
            content: the text of the message; a layout view has none.
            options: as for the ``send`` of the destination.

        Raises:
            NotSetUpError: `setup_persistence` was not called for the client.
            ViewError: the view could not survive a restart; nothing was sent.
            StorageError: the row could not be stored; the message is deleted again.
            discord.HTTPException: Discord did not take the message; nothing was stored.
        """
        if options.get("ephemeral"):
            raise ViewError(self, "an ephemeral message is gone before the bot is; it cannot be persistent")
        persistence = persistence_of(messages.client_of(destination))
        await persistence.prepare(self)
        message = await messages.send(destination, content, {**options, "view": self})
        await persistence.register(self, message, messages.user_of(destination))
        self.message = message
        return message

    async def exit(self) -> None:
        """End the view for good: its row, its state, its buttons (or the message, if it is all components).

        Raises:
            StorageError: the row could not be removed; the view is still alive.
        """
        row = self._row
        if row is None:
            self.stop()
            return
        persistence = self._stored_by()
        if await persistence.unregister(self.state_key, row.message_id):
            await messages.retire(persistence.client, row)
        if self.state_key not in persistence.alive:
            await self.state.delete()

    @property
    def message(self) -> discord.Message | discord.PartialMessage | None:
        """The message that shows the view, to edit it, say; None before it is sent."""
        if self._message is None and self._row is not None:
            self._message = messages.partial_message(self._stored_by().client, self._row)
        return self._message

    @message.setter
    def message(self, message: discord.Message | discord.PartialMessage | None) -> None:
        self._message = message

    @property
    def user_id(self) -> int | None:
        """The id of the user on whose behalf the view was sent; None: nobody's, or not sent yet."""
        return None if self._row is None else self._row.user_id

    async def on_restore(self, bot: Any) -> None:
        """Do what is to be done after a restart: called once the bot is ready. An error is logged."""

    async def on_error(
        self, interaction: discord.Interaction[Any], error: Exception, item: discord.ui.Item[Any], /
    ) -> None:
        """Answer a user who was too quick, or whom the storage failed; the library logs what is an error."""
        if isinstance(error, app_commands.CommandOnCooldown):
            await answer(interaction, str(error))
            return
        scope = current_scope()
        if scope is not None and isinstance(error, StorageUnavailableError):
            await answer(interaction, scope.apology)
        await super().on_error(interaction, error, item)


class PersistentView(Persistent, discord.ui.View):
    """A `discord.ui.View` that survives restarts.

    .. code-block:: python

        import discord
        from botkeep_discord import PersistentView

        class Counter(PersistentView):
            @discord.ui.button(label="+1", custom_id="add")
            async def add(self, interaction, button):
                total = await self.state.increment("clicks")
                await interaction.response.edit_message(content=f"{total} clicks")


        async def post(channel):
            await Counter(state_key="lobby").send(channel, "0 clicks")
    """

    _all_components = False
