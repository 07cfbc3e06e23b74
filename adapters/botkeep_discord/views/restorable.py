"""What views and modals have in common: they are stored as a class and what it is constructed with."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from botkeep.keys import check_identifier
from botkeep_discord.errors import ViewError
from botkeep_discord.persistence import persistence_of
from botkeep_discord.views import classes
from botkeep_discord.views.constructor_args import keywords_of, migrated, takes_state_key

if TYPE_CHECKING:
    from discord.ui.view import BaseView as _View
    from typing_extensions import Self

    from botkeep_discord.persistence import Persistence
    from botkeep_discord.views.constructor_args import Keywords, Migrations
    from botkeep_discord.views.rows import Row
    from botkeep_discord.views.state import ViewState
else:
    # Up to discord.py 2.5 views and modals have no base of their own.
    _View = object

Restored = TypeVar("Restored", bound="Restorable")


@dataclasses.dataclass(slots=True)
class PersistentRecord:
    """What this package knows of a view or a modal, apart from what its author put there.

    Attributes:
        keywords: what it was constructed with, without ``state_key``.
        persistence: of the client that sent or restored it; None: neither has happened.
        row: where its message is; None: it was not sent.
    """

    keywords: Keywords
    persistence: Persistence | None = None
    row: Row | None = None


class Restorable(_View):
    """Stored by the name of its class, ``module.qualname``, and the keywords it was constructed with.

    Args:
        state_key: whose state this is.
        timeout: None, which it is anyway: what outlives the bot has no timeout.

    Raises:
        RuntimeError: no event loop is running: it would never answer.
        IdentifierError: the state key is not fit for an identifier.
        DocumentError: a keyword cannot be stored; the error names it.
        ViewError: a timeout is given.

    Attributes:
        version: of the class. Raise it when the keywords change, and put what makes the old keywords into
            new ones under the old version into ``migrations``.
        migrations: functions by version, each from that version's keywords to the next one's.
        former_names: other names, ``module.qualname``, under which it may be stored.
        state_key: as given.
        persistent_record: for this package's own use.
    """

    version: ClassVar[int] = 1
    migrations: ClassVar[Migrations] = {}
    former_names: ClassVar[Sequence[str]] = ()

    state_key: str
    persistent_record: PersistentRecord

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        classes.register(cls)

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        self = super().__new__(cls)
        self.persistent_record = PersistentRecord(keywords_of(cls, args, kwargs))
        return self

    def __init__(self, *, state_key: str, timeout: float | None = None, **options: Any) -> None:
        _check_running(type(self))
        check_identifier(state_key)
        self.state_key = state_key
        if timeout is not None:
            raise ViewError(self, f"was given a timeout of {timeout} s; what outlives the bot has none")
        super().__init__(timeout=None, **options)

    @property
    def state(self) -> ViewState:
        """What is remembered under the state key, in the storage.

        Raises:
            NotSetUpError: there is no storage yet.
        """
        return self.stored_by().state_of(self.state_key)

    async def on_bind(self, bot: Any) -> None:
        """Take from the bot what cannot be stored: called before it is sent, and at each start.

        Whatever it raises keeps it from being sent or restored.
        """

    def stored_by(self) -> Persistence:
        """Return the persistence of the client that sent or restored it, or the only one there is.

        Raises:
            NotSetUpError: there is none, or, of several, nobody said which.
        """
        return self.persistent_record.persistence or persistence_of()


def rebuilt(kind: type[Restored], state_key: str, version: int, keywords: Keywords) -> Restored:
    """Construct what was stored, from keywords of its version.

    Raises:
        NoMigrationError: the class is of another version, and nothing leads there.
        ViewError: it makes itself another state key than the stored one.
    """
    keywords = migrated(keywords, version, kind.version, kind.migrations)
    if takes_state_key(kind):
        keywords = {**keywords, "state_key": state_key}
    restored = kind(**keywords)
    if restored.state_key != state_key:
        raise ViewError(
            restored,
            f"was sent as {state_key!r}; the state key must follow from what the view is constructed with",
        )
    return restored


def _check_running(kind: type) -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        raise RuntimeError(
            f"{kind.__qualname__} was constructed while no event loop is running: it would never answer. "
            "Construct it in setup_hook, in a command or in a callback"
        ) from None
