"""What views and modals have in common: they are stored as a class and what it is constructed with."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from botkeep.keys import check_identifier
from botkeep_discord.persistence import persistence_of
from botkeep_discord.views import classes
from botkeep_discord.views.constructor_args import keywords_of, migrated, takes_state_key

if TYPE_CHECKING:
    from discord.ui.view import BaseView as _View
    from typing_extensions import Self

    from botkeep_discord.persistence import Persistence
    from botkeep_discord.views.constructor_args import Keywords, Migrations
    from botkeep_discord.views.state import ViewState
else:
    # Up to discord.py 2.5 views and modals have no base of their own.
    _View = object

Restored = TypeVar("Restored", bound="Restorable")


class Restorable(_View):
    """Stored by the name of its class, ``module.qualname``, and the keywords it was constructed with.

    Args:
        state_key: whose state this is.

    Raises:
        RuntimeError: no event loop is running: it would never answer.
        IdentifierError: the state key is not fit for an identifier.
        DocumentError: a keyword cannot be stored; the error names it.

    Attributes:
        version: of the class. Raise it when the keywords change, and put what makes the old keywords into
            new ones under the old version into ``migrations``.
        migrations: functions by version, each from that version's keywords to the next one's.
        former_names: other names, ``module.qualname``, under which it may be stored.
    """

    version: ClassVar[int] = 1
    migrations: ClassVar[Migrations] = {}
    former_names: ClassVar[Sequence[str]] = ()

    state_key: str
    _keywords: Keywords
    _persistence: Persistence | None

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        classes.register(cls)

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        self = super().__new__(cls)
        self._keywords = keywords_of(cls, args, kwargs)
        self._persistence = None
        return self

    def __init__(self, *, state_key: str, **options: Any) -> None:
        _check_running(type(self))
        check_identifier(state_key)
        self.state_key = state_key
        super().__init__(timeout=None, **options)

    @property
    def state(self) -> ViewState:
        """What is remembered under the state key, in the storage.

        Raises:
            NotSetUpError: there is no storage yet.
        """
        return self._stored_by().state_of(self.state_key)

    async def on_bind(self, bot: Any) -> None:
        """Take from the bot what cannot be stored: called before it is sent, and at each start.

        Whatever it raises keeps it from being sent or restored.
        """

    def _stored_by(self) -> Persistence:
        return self._persistence or persistence_of()


def rebuilt(kind: type[Restored], state_key: str, version: int, keywords: Keywords) -> Restored:
    """Construct what was stored, from keywords of its version.

    Raises:
        NoMigrationError: the class is of another version, and nothing leads there.
    """
    keywords = migrated(keywords, version, kind.version, kind.migrations)
    if takes_state_key(kind):
        keywords = {**keywords, "state_key": state_key}
    return kind(**keywords)


def _check_running(kind: type) -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        raise RuntimeError(
            f"{kind.__qualname__} was constructed while no event loop is running: it would never answer. "
            "Construct it in setup_hook, in a command or in a callback"
        ) from None
