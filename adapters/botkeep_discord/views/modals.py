"""Modals that can be submitted after a restart."""

from __future__ import annotations

import dataclasses
import logging
import re
from typing import TYPE_CHECKING, Any, Final

import discord

from botkeep import documents
from botkeep_discord.errors import ViewError
from botkeep_discord.persistence import persistence_of
from botkeep_discord.views import classes
from botkeep_discord.views.items import described, items_of
from botkeep_discord.views.restorable import Restorable, rebuilt

if TYPE_CHECKING:
    from botkeep_discord.persistence import Persistence

OPEN_SECONDS: Final = 3600.0
"""How long a modal may stay open over a restart."""

_MADE_UP: Final = re.compile("[0-9a-f]{32}")
"""The custom ids that the library makes up, anew in each process."""

_log = logging.getLogger("botkeep.discord")


@dataclasses.dataclass(frozen=True)
class _OpenModal:
    """What is stored of a modal while a user has it open."""

    class_name: str
    state_key: str
    version: int
    keywords: dict[str, Any]
    bot_id: int | None


class PersistentModal(Restorable, discord.ui.Modal):
    """A `discord.ui.Modal` that a user may still submit after the bot was restarted.

    Each of its fields needs a ``custom_id``, by which what was typed finds the field again.

    Args:
        state_key: whose state it shares, most often that of the view that opens it.
        title: if the class has none.
        timeout: None: it can be submitted for an hour.
    """

    def __init__(
        self, *, state_key: str, title: str = discord.utils.MISSING, timeout: float | None = None
    ) -> None:
        super().__init__(state_key=state_key, title=title, timeout=timeout)

    async def send(self, interaction: discord.Interaction[Any]) -> None:
        """Answer an interaction with the modal; it can be submitted for an hour, restarts included.

        Raises:
            NotSetUpError: `setup_persistence` was not called for the client.
            ViewError: a field has no custom id; nothing was sent.
            StorageError: it could not be stored; nothing was sent.
        """
        modals = persistence_of(interaction.client).part(OpenModals)
        await modals.bind(self)
        await modals.open(self)
        await interaction.response.send_modal(self)

    def stop(self) -> None:
        """Stop listening, in every later process too; the library calls it after the submission."""
        super().stop()
        persistence = self.persistent_record.persistence
        if persistence is not None:
            persistence.part(OpenModals).stopped(self)


class OpenModals:
    """The modals of one client that users have open.

    Args:
        persistence: the client's.
    """

    def __init__(self, persistence: Persistence) -> None:
        self._persistence = persistence
        self._stored = persistence.namespace("modals")
        self._open: dict[str, PersistentModal] = {}

    async def bind(self, modal: PersistentModal) -> None:
        """Call a modal's ``on_bind``, and check what its fields are then.

        Raises:
            ViewError: one of its fields would not be known again after a restart.
        """
        modal.persistent_record.persistence = self._persistence
        await modal.on_bind(self._persistence.client)
        # After on_bind: it may add fields too.
        _check_fields(modal)

    async def open(self, modal: PersistentModal) -> None:
        """Store a modal that is about to be shown."""
        stored = _OpenModal(
            classes.name_of(type(modal)),
            modal.state_key,
            type(modal).version,
            modal.persistent_record.keywords,
            self._persistence.bot_id,
        )
        await self._stored.set_state(modal.custom_id, stored, ttl=OPEN_SECONDS)
        self._open[modal.custom_id] = modal

    def stopped(self, modal: PersistentModal) -> None:
        """Forget a modal that was submitted, or replaced by one of a newer class."""
        if self._open.get(modal.custom_id) is modal:
            del self._open[modal.custom_id]
            self._persistence.keep_trying(lambda: self._stored.delete_state(modal.custom_id))

    async def restore(self) -> None:
        """Bring back the modals that were stored, to be submitted to this process; each failure is logged.

        One that is open here already stays as it is, unless a newer class has taken its name.
        """
        for custom_id in await self._stored.list_keys():
            modal = self._open.get(custom_id)
            if modal is not None and classes.is_newest(type(modal)):
                continue
            try:
                await self._restore(custom_id)
            except Exception:  # noqa: BLE001 # it is the author's code that is called; the others must go on
                _log.exception("an open modal could not be restored; its user has to open it again")

    async def _restore(self, custom_id: str) -> None:
        document = await self._stored.get_state(custom_id)
        if document is None:
            return
        stored = documents.convert(document, _OpenModal)
        kind = classes.find(stored.class_name)
        if kind is None or not issubclass(kind, PersistentModal) or stored.bot_id != self._persistence.bot_id:
            return
        modal = rebuilt(kind, stored.state_key, stored.version, stored.keywords)
        modal.custom_id = custom_id
        await self.bind(modal)
        older = self._open.get(custom_id)
        self._open[custom_id] = modal
        if older is not None:
            older.stop()
        self._persistence.client.add_view(modal)


def _check_fields(modal: PersistentModal) -> None:
    for item in items_of(modal):
        if _MADE_UP.fullmatch(getattr(item, "custom_id", "")):
            raise ViewError(
                modal,
                f"{described(item, modal)} has no custom_id of its own, so that nothing finds what was typed "
                "after a restart; give it one: custom_id='...'",
            )
