"""The ambient stores: `store`, shared by the whole bot, and `user`, private to whoever a handler serves.

Both keep documents under keys, as every storage does; `botkeep.documents` says what may be kept. Where a
call goes is settled when it is made, not when it is awaited: what is one user's never reaches another.

Layout, inside the configured storage::

    namespace                        identifier       what
    ambient/store                    theme            store.save("theme", ...)
    ambient/store/plugins            todo/theme       store.plugin("todo").save("theme", ...)
    ambient/users/42                 theme            user.save("theme", ...), user 42
    ambient/users/42/plugins         todo/theme       user.plugin("todo").save("theme", ...), user 42
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, NoReturn

from botkeep import documents
from botkeep._core.compat import override
from botkeep._core.paths import inner
from botkeep.ambient.configuration import choice, configure
from botkeep.ambient.current_user import acting_description, acting_id, acting_user
from botkeep.keys import check_identifier, identifier_of
from botkeep.patterns import escape_pattern
from botkeep.ttl import KEEP_TTL, NO_TTL

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from typing_extensions import Self

    from botkeep.abc import BaseStorage
    from botkeep.ttl import Ttl

__all__ = ["Store", "User", "acting_user", "configure", "erase_user", "store", "user"]

NAMESPACE: Final = "ambient"
USERS: Final = "users"
PLUGINS: Final = "plugins"


class _Place(NamedTuple):
    """Where the call goes: a namespace of the configured storage, and an identifier or its beginning."""

    records: BaseStorage
    identifier: str


class Store:
    """Documents under keys, shared by the whole bot; the methods are to be awaited.

    A key is an identifier of the storage: 1 to 1,024 bytes of UTF-8. Nothing can be set on the object itself:
    it is one for all, so it would be there for all.
    """

    __slots__ = ("_plugin",)

    _plugin: str

    def __init__(self, plugin: str = "") -> None:
        object.__setattr__(self, "_plugin", plugin)

    def __repr__(self) -> str:
        return f"<store{self._suffix()}>"

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(
            f"{self!r} takes no attributes: everybody would share them; await its save({name!r}, ...) instead"
        )

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{self!r} has no attributes to delete; await its delete({name!r}) instead")

    def save(self, key: str, value: Any, *, ttl: Ttl | None = None) -> Coroutine[Any, Any, Any]:
        """Store a document in place of whatever was there, and return it as `load` will.

        To change what is there, use `update`: between a load and a save, others may save too.

        Args:
            key: what to keep it under.
            value: the document: see `botkeep.documents`.
            ttl: seconds (or a timedelta) to keep it; None: for ever, also where the storage has a
                ``default_ttl``.
        """
        return _save(self._place(key), value, ttl)

    def load(self, key: str, default: Any = None) -> Coroutine[Any, Any, Any]:
        """Return the document; ``default`` when there is none."""
        records, identifier = self._place(key)
        return records.get_state(identifier, default)

    def exists(self, key: str) -> Coroutine[Any, Any, bool]:
        """Whether there is a document; None is one too."""
        records, identifier = self._place(key)
        return records.exists(identifier)

    def delete(self, key: str) -> Coroutine[Any, Any, bool]:
        """Remove the document; True if there was one."""
        records, identifier = self._place(key)
        return records.delete_state(identifier)

    def update(
        self, key: str, change: Callable[[Any], Any], *, default: Any = None, ttl: Ttl | None = KEEP_TTL
    ) -> Coroutine[Any, Any, Any]:
        """Load, change and save as one step, which loses nothing to others; return the new document.

        Args:
            key: what it is kept under.
            change: takes the document and returns the new one; may be called several times.
            default: given to ``change`` when there is none.
            ttl: as for `save`; left out, the document keeps the expiry that it has.
        """
        records, identifier = self._place(key)
        return records.update(identifier, change, default=default, ttl=ttl)

    def increment(self, key: str, amount: int = 1, *, ttl: Ttl | None = None) -> Coroutine[Any, Any, int]:
        """Add to a number and return the new total; absent counts as 0. Loses nothing to others.

        Args:
            key: what it is kept under.
            amount: an int; may be negative.
            ttl: as for `save`, but None keeps the expiry that the number has.
        """
        records, identifier = self._place(key)
        return records.increment(identifier, amount, ttl=ttl)

    def keys(self, pattern: str = "*") -> Coroutine[Any, Any, list[str]]:
        """Return the keys that match, sorted; ``*``, ``?`` and ``[a-z]`` are as in `botkeep.patterns`."""
        return _keys(self._beginning(), pattern)

    def plugin(self, name: str) -> Self:
        """Return a store of the same kind for one plugin alone; no key or pattern elsewhere reaches it.

        Raises:
            IdentifierError: the name is not fit for an identifier.
            TypeError: this is a plugin's store already.
        """
        check_identifier(name)
        if self._plugin:
            raise TypeError(f"{self!r} is a plugin's own; plugins have no plugins")
        return type(self)(name)

    def _place(self, key: str) -> _Place:
        check_identifier(key)
        records, beginning = self._beginning()
        return _Place(records, beginning + key)

    def _beginning(self) -> _Place:
        records = self._records(_ambient())
        if not self._plugin:
            return _Place(records, "")
        return _Place(records.namespace(PLUGINS), inner("", self._plugin) + "/")

    def _records(self, ambient: BaseStorage) -> BaseStorage:
        return ambient.namespace("store")

    def _suffix(self) -> str:
        return f", plugin {self._plugin!r}" if self._plugin else ""


class User(Store):
    """The same, private to the user whom the running handler serves: nobody else sees it.

    The methods raise `NoUserError` where there is no such user.
    """

    __slots__ = ()

    @override
    def __repr__(self) -> str:
        return f"<user: {acting_description()}{self._suffix()}>"

    @override
    def _records(self, ambient: BaseStorage) -> BaseStorage:
        return ambient.namespace(USERS).namespace(acting_id())


store: Final = Store()
user: Final = User()


async def erase_user(user_id: int | str) -> int:
    """Remove all that was ever saved through `user` for one user, in all plugins; return how many documents.

    Dialogues are not among them: they are kept per chat. What plugins keep about a user in `store` is theirs.

    Raises:
        IdentifierError: the id is no user's.
    """
    records = _ambient().namespace(USERS).namespace(identifier_of(user_id))
    return sum([await place.clear_namespace() for place in (records, records.namespace(PLUGINS))])


def _ambient() -> BaseStorage:
    """Return the namespace of what is saved; a ``default_ttl`` is meant for dialogues, not for it."""
    return choice.storage().namespace(NAMESPACE, default_ttl=NO_TTL)


async def _save(place: _Place, value: Any, ttl: Ttl | None) -> Any:
    stored = documents.decode(documents.encode(value))
    await place.records.set_state(place.identifier, stored, ttl=ttl)
    return stored


async def _keys(place: _Place, pattern: str) -> list[str]:
    if not isinstance(pattern, str):
        raise TypeError(f"a pattern must be a str, not {type(pattern).__name__}")
    found = await place.records.list_keys(escape_pattern(place.identifier) + pattern)
    return [identifier[len(place.identifier) :] for identifier in found]
