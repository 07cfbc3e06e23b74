"""Views that are alive after a restart."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import discord
from discord import app_commands

from holdfast.keys import check_identifier
from holdfast_discord import messages, registry
from holdfast_discord.answers import answer
from holdfast_discord.errors import ViewError
from holdfast_discord.keywords import Keywords, keywords_of
from holdfast_discord.persistence import Persistence, persistence_of

if TYPE_CHECKING:
    from discord.ui.view import BaseView as _View
    from typing_extensions import Self

    from holdfast_discord.keywords import Migrations
    from holdfast_discord.messages import Destination
    from holdfast_discord.rows import Row
    from holdfast_discord.state import ViewState
else:
    # The two kinds of view that the library has know nothing of each other.
    _View = object


class Persistent(_View):
    """What `PersistentView` and `PersistentLayoutView` have in common.

    A subclass is stored by its name, ``module.qualname``, and each view by its state key, together with the
    keywords it was constructed with. At the next start `setup_persistence` constructs it from them and gives
    it back to its message.

    Args:
        state_key: the name of this one view: a new one sent under the same key takes its place.

    Raises:
        RuntimeError: no event loop is running: such a view would never answer.
        IdentifierError: the state key is not fit for an identifier.
        DocumentError: a keyword cannot be stored; the error names it.

    Attributes:
        version: of the class. Raise it when the keywords change, and put what makes the old keywords into
            new ones under the old version into ``migrations``.
        migrations: functions by version, each from that version's keywords to the next one's.
        former_names: other names, ``module.qualname``, under which views of this class may be stored.
    """

    version: ClassVar[int] = 1
    migrations: ClassVar[Migrations] = {}
    former_names: ClassVar[Sequence[str]] = ()

    state_key: str
    _all_components: ClassVar[bool]
    _keywords: Keywords
    _row: Row | None
    _message: discord.Message | discord.PartialMessage | None
    _persistence: Persistence | None

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        registry.register(cls)

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        self = super().__new__(cls)
        self._keywords = keywords_of(cls, args, kwargs)
        self._persistence = self._row = self._message = None
        return self

    def __init__(self, *, state_key: str) -> None:
        _check_running(type(self))
        check_identifier(state_key)
        self.state_key = state_key
        super().__init__(timeout=None)

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
        await persistence.register(self, message, destination)
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
    def state(self) -> ViewState:
        """What the view remembers, in the storage.

        Raises:
            NotSetUpError: there is no storage yet.
        """
        return self._stored_by().state_of(self.state_key)

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

    def _stored_by(self) -> Persistence:
        return self._persistence or persistence_of()

    async def on_bind(self, bot: Any) -> None:
        """Take from the bot what cannot be stored: called before the view is sent, and at each start.

        Whatever it raises keeps the view from being sent or restored.
        """

    async def on_restore(self, bot: Any) -> None:
        """Do what is to be done after a restart: called once the bot is ready. An error is logged."""

    async def on_error(
        self, interaction: discord.Interaction[Any], error: Exception, item: discord.ui.Item[Any], /
    ) -> None:
        """Answer a user who was too quick; everything else the library logs."""
        if isinstance(error, app_commands.CommandOnCooldown):
            await answer(interaction, str(error))
        else:
            await super().on_error(interaction, error, item)


def _check_running(view_class: type) -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        raise RuntimeError(
            f"{view_class.__qualname__} was constructed while no event loop is running: it would never "
            "answer. Construct it in setup_hook, in a command or in a callback"
        ) from None


class PersistentView(Persistent, discord.ui.View):
    """A `discord.ui.View` that survives restarts.

    .. code-block:: python

        class Counter(PersistentView):
            @discord.ui.button(label="+1", custom_id="add")
            async def add(self, interaction, button):
                total = await self.state.increment("clicks")
                await interaction.response.edit_message(content=f"{total} clicks")

        await Counter(state_key="lobby").send(channel, "0 clicks")
    """

    _all_components = False
