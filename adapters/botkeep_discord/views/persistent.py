"""Views that are alive after a restart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands

from botkeep import StorageUnavailableError
from botkeep_discord.errors import ViewError
from botkeep_discord.interactions.reply import reply_ephemeral
from botkeep_discord.interactions.scope import current_scope
from botkeep_discord.persistence import persistence_of
from botkeep_discord.views import messages
from botkeep_discord.views.live_views import LiveViews
from botkeep_discord.views.restorable import Restorable

if TYPE_CHECKING:
    from botkeep_discord.views.messages import Destination, Editable

_EPHEMERAL = "an ephemeral message is gone before the bot is; it cannot be persistent"


class Persistent(Restorable):
    """What `PersistentView` and `PersistentLayoutView` have in common.

    Each view has a state key, under which its row is stored: its class, what it was constructed with, and
    where its message is. At the next start `setup_persistence` constructs it from that and gives it back to
    its message.

    Args:
        state_key: the name of this one view: a new one sent under the same key takes its place.
        timeout: None, as for the library's own views that outlive the bot.
    """

    _message: discord.Message | discord.PartialMessage | None = None

    def __init__(self, *, state_key: str, timeout: float | None = None) -> None:
        super().__init__(state_key=state_key, timeout=timeout)

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
            ViewError: the view could not survive a restart; nothing was sent, or, where only Discord's answer
                tells that the message is ephemeral (after ``defer(ephemeral=True)``), it was deleted again.
            StorageError: the row could not be stored; the message is deleted again.
            discord.HTTPException: Discord did not take the message; nothing was stored.
        """
        if options.get("ephemeral"):
            raise ViewError(self, _EPHEMERAL)
        persistence = persistence_of(messages.client_of(destination))
        views = persistence.part(LiveViews)
        async with views.sending(self):
            message = await messages.send(destination, content, {**options, "view": self})
            try:
                await self._register(views, message, destination)
            except BaseException:
                # Its buttons would die with the bot.
                persistence.run_in_background(messages.delete(message))
                raise
        return message

    async def edit_message(self, target: Editable, **options: Any) -> None:
        """Have a message that is there show the view, and store its row: as `send`, without a new message.

        Args:
            target: an interaction with a component of the message, which is answered by the edit; or a
                message of the bot.
            options: as for ``interaction.response.edit_message``, or ``message.edit``: ``content``, say.

        Raises:
            NotSetUpError: `setup_persistence` was not called for the client.
            ViewError: the view could not survive a restart; nothing was edited.
            StorageError: the row could not be stored; the message shows the view, which answers until the bot
                stops. `adopt` tries again.
            discord.HTTPException: Discord did not take the edit; nothing was stored.
        """
        message = target.message if isinstance(target, discord.Interaction) else target
        if message is None:
            raise ViewError(self, f"{target!r} came from no message that could be edited")
        self._refuse_ephemeral(message)
        views = persistence_of(messages.client_of(target)).part(LiveViews)
        async with views.sending(self):
            await messages.edit(target, {**options, "view": self})
            await self._register(views, message, target)
        views.listen(self, message.id)

    async def adopt(self, message: discord.Message | discord.PartialMessage) -> None:
        """Store the row of a view that a message shows already, whoever sent it, and answer to its buttons.

        For what was sent otherwise than by `send`: by ``channel.send(view=...)``, or by a bot that kept
        nothing. The message is not edited; its components must have the custom ids that the view's have.

        Args:
            message: a message of the bot; ``channel.get_partial_message(id)`` will do.

        Raises:
            NotSetUpError: `setup_persistence` was not called for the client.
            ViewError: the view could not survive a restart.
            StorageError: the row could not be stored.
        """
        self._refuse_ephemeral(message)
        views = persistence_of(messages.client_of(message)).part(LiveViews)
        async with views.sending(self):
            await self._register(views, message, None)
        views.listen(self, message.id)

    async def _register(
        self,
        views: LiveViews,
        message: discord.Message | discord.PartialMessage,
        origin: Destination | Editable | None,
    ) -> None:
        self._refuse_ephemeral(message)
        await views.register(self, message, origin)
        self.message = message

    def _refuse_ephemeral(self, message: discord.Message | discord.PartialMessage) -> None:
        if messages.is_ephemeral(message):
            raise ViewError(self, _EPHEMERAL)

    def stop(self) -> None:
        """Stop answering, in every later process too; the state is kept.

        The storage hears of it in the background; `exit` returns when it has.
        """
        super().stop()
        persistence = self.persistent_record.persistence
        if persistence is not None:
            persistence.part(LiveViews).stopped(self)

    async def exit(self) -> None:
        """End the view for good: its row, its state, its buttons (or the message, if it is all components).

        Raises:
            StorageError: the row could not be removed; the view is still alive.
        """
        row = self.persistent_record.row
        if row is None:
            self.stop()
            return
        persistence = self.stored_by()
        views = persistence.part(LiveViews)
        if await views.unregister(self.state_key, row.message_id):
            await messages.retire(persistence.client, row)
        if views.find(self.state_key) is None:
            await self.state.delete()

    @property
    def message(self) -> discord.Message | discord.PartialMessage | None:
        """The message that shows the view, to edit it, say; None before it is sent."""
        row = self.persistent_record.row
        if self._message is None and row is not None:
            self._message = messages.partial_message(self.stored_by().client, row)
        return self._message

    @message.setter
    def message(self, message: discord.Message | discord.PartialMessage | None) -> None:
        self._message = message

    @property
    def user_id(self) -> int | None:
        """The id of the user on whose behalf the view was sent; None: nobody's, or not sent yet."""
        row = self.persistent_record.row
        return None if row is None else row.user_id

    async def on_restore(self, bot: Any) -> None:
        """Do what is to be done after a restart: called once the bot is ready. An error is logged."""

    async def on_error(
        self, interaction: discord.Interaction[Any], error: Exception, item: discord.ui.Item[Any], /
    ) -> None:
        """Answer a user who was too quick, or whom the storage failed; the library logs what is an error."""
        if isinstance(error, app_commands.CommandOnCooldown):
            await reply_ephemeral(interaction, str(error))
            return
        scope = current_scope()
        if scope is not None and isinstance(error, StorageUnavailableError):
            await reply_ephemeral(interaction, scope.error_message)
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
