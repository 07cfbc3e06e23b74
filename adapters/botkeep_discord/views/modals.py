"""Modals that can be submitted after a restart."""

from __future__ import annotations

import dataclasses
import logging
import re
from typing import TYPE_CHECKING, Any, Final

import discord

from botkeep import documents
from botkeep_discord.errors import ViewError
from botkeep_discord.persistence import NAMESPACE, persistence_of
from botkeep_discord.views import classes
from botkeep_discord.views.items import described, items_of
from botkeep_discord.views.restorable import Restorable, rebuilt

if TYPE_CHECKING:
    from botkeep import BaseStorage
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
    """

    def __init__(self, *, state_key: str, title: str = discord.utils.MISSING) -> None:
        super().__init__(state_key=state_key, title=title)

    async def send(self, interaction: discord.Interaction[Any]) -> None:
        """Answer an interaction with the modal; it can be submitted for an hour, restarts included.

        Raises:
            NotSetUpError: `setup_persistence` was not called for the client.
            ViewError: a field has no custom id; nothing was sent.
            StorageError: it could not be stored; nothing was sent.
        """
        persistence = persistence_of(interaction.client)
        _check_fields(self)
        self._persistence = persistence
        await self.on_bind(persistence.client)
        await _stored_in(persistence).set_state(
            self.custom_id,
            _OpenModal(
                classes.name_of(type(self)),
                self.state_key,
                type(self).version,
                self._keywords,
                persistence.bot_id,
            ),
            ttl=OPEN_SECONDS,
        )
        await interaction.response.send_modal(self)

    def stop(self) -> None:
        """Stop listening, in every later process too; the library calls it after the submission."""
        super().stop()
        if self._persistence is not None:
            self._persistence.spawn(_stored_in(self._persistence).delete_state(self.custom_id))


def _check_fields(modal: PersistentModal) -> None:
    for item in items_of(modal):
        if _MADE_UP.fullmatch(getattr(item, "custom_id", "")):
            raise ViewError(
                modal,
                f"{described(item, modal)} has no custom_id of its own, so that nothing finds what was typed "
                "after a restart; give it one: custom_id='...'",
            )


def _stored_in(persistence: Persistence) -> BaseStorage:
    return persistence.storage.namespace(NAMESPACE).namespace("modals")


async def restore_modals(persistence: Persistence) -> None:
    """Let the modals that users have open be submitted to this process; each failure is logged."""
    stored = _stored_in(persistence)
    for custom_id in await stored.list_keys():
        try:
            document = await stored.get_state(custom_id)
            if document is not None:
                await _restore(persistence, custom_id, documents.convert(document, _OpenModal))
        except Exception:  # noqa: BLE001 # it is the author's code that is called, and the others must go on
            _log.exception("an open modal could not be restored; its user has to open it again")


async def _restore(persistence: Persistence, custom_id: str, stored: _OpenModal) -> None:
    kind = classes.find(stored.class_name)
    if kind is None or not issubclass(kind, PersistentModal) or stored.bot_id != persistence.bot_id:
        return
    modal = rebuilt(kind, stored.state_key, stored.version, stored.keywords)
    modal.custom_id = custom_id
    modal._persistence = persistence
    await modal.on_bind(persistence.client)
    persistence.client.add_view(modal)
