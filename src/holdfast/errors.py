"""Everything that Holdfast raises.

::

    HoldfastError
    ├── StorageError
    │   ├── StorageUnavailableError     cannot reach it: locked, disk full, server down
    │   │   └── OutcomeUnknownError     a write whose fate is not known
    │   ├── StorageFormatError          not a file of ours, or one of a newer version
    │   ├── StorageClosedError          used after ``stop``         (also a RuntimeError)
    │   └── EventLoopError              used from two event loops   (also a RuntimeError)
    ├── DocumentError                   a value that cannot be stored     (also a ValueError)
    ├── CorruptDocumentError            stored bytes that cannot be read
    ├── IdentifierError                 a key that no storage accepts     (also a ValueError)
    ├── NotACounterError                increment on another document     (also a TypeError)
    ├── CounterOverflowError            a total past 64 bits              (also an OverflowError)
    ├── MigrationError                  a copy of a storage that is not complete
    ├── LeaseLostError                  a lock that someone else may hold
    ├── RateLimitedError                a function called more often than its limit allows
    └── NoUserError                     ``user`` where nobody is acting   (also a RuntimeError)

Each error keeps its data as attributes and builds its text from them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from holdfast.ratelimit.verdict import Verdict


class HoldfastError(Exception):
    """The root: ``except HoldfastError`` catches whatever this library raises on purpose."""


class StorageError(HoldfastError):
    """The storage, rather than the value given to it, is the trouble."""


class StorageUnavailableError(StorageError):
    """The storage could not be reached or could not do the work; nothing was written.

    Attributes:
        storage: which storage, as its ``repr`` shows it.
        reason: what the engine said, and what to do about it.
    """

    def __init__(self, storage: str, reason: str) -> None:
        super().__init__(storage, reason)
        self.storage = storage
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.storage} is unavailable: {self.reason}"


class OutcomeUnknownError(StorageUnavailableError):
    """A write was sent, its answer never came: it may have happened or not. Read before repeating it."""

    def __str__(self) -> str:
        return f"{self.storage} may or may not have written: {self.reason}"


class StorageFormatError(StorageError):
    """What lies at this place is not something this version of Holdfast can read; it was left as it is.

    Attributes:
        place: the path or address.
        reason: what was found there, and what to do about it.
    """

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(place, reason)
        self.place = place
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}"


class StorageClosedError(StorageError, RuntimeError):
    """A verb was called after ``stop``. ``await storage.start()`` opens it again.

    Attributes:
        storage: which storage, as its ``repr`` shows it.
    """

    def __init__(self, storage: str) -> None:
        super().__init__(storage)
        self.storage = storage

    def __str__(self) -> str:
        return f"{self.storage} was stopped; call start() before using it again"


class EventLoopError(StorageError, RuntimeError):
    """A storage object serves one event loop at a time, and another one is still using it.

    Attributes:
        storage: which storage, as its ``repr`` shows it.
    """

    def __init__(self, storage: str) -> None:
        super().__init__(storage)
        self.storage = storage

    def __str__(self) -> str:
        return (
            f"{self.storage} belongs to another event loop that is still open; "
            "stop() it there first, or give each event loop, thread and forked process a storage of its own"
        )


class DocumentError(HoldfastError, ValueError):
    """A value that is no document: nothing was written.

    Attributes:
        path: where in the value, as in ``data.items[3].price``; "" is the value itself.
        reason: what stands there and what would be right.
    """

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        path = self.path if len(self.path) <= 120 else f"{self.path[:60]}...{self.path[-60:]}"
        return f"{path or 'the document'}: {self.reason}"


class CorruptDocumentError(HoldfastError):
    """Stored bytes that are not a document. They were left as they are.

    Attributes:
        identifier: the key they are stored under.
        reason: what is wrong with them.
    """

    def __init__(self, identifier: str, reason: str) -> None:
        super().__init__(identifier, reason)
        self.identifier = identifier
        self.reason = reason

    def __str__(self) -> str:
        return f"the document stored under {self.identifier!r} cannot be read: {self.reason}"


class IdentifierError(HoldfastError, ValueError):
    """A key that no storage accepts.

    Attributes:
        identifier: what was given.
        reason: what would be right.
    """

    def __init__(self, identifier: object, reason: str) -> None:
        super().__init__(identifier, reason)
        self.identifier = identifier
        self.reason = reason

    def __str__(self) -> str:
        shown = ascii(self.identifier)
        return f"identifier {shown if len(shown) <= 80 else shown[:77] + '...'}: {self.reason}"


class NotACounterError(HoldfastError, TypeError):
    """``increment`` met a document that is not an integer; it was left as it is.

    Attributes:
        identifier: the key it is stored under.
    """

    def __init__(self, identifier: str) -> None:
        super().__init__(identifier)
        self.identifier = identifier

    def __str__(self) -> str:
        return f"the document stored under {self.identifier!r} is not an integer, so it cannot be incremented"


class CounterOverflowError(HoldfastError, OverflowError):
    """The total would leave 64 bits (signed); the counter was left as it is.

    Attributes:
        identifier: the key of the counter.
        amount: what was to be added.
    """

    def __init__(self, identifier: str, amount: int) -> None:
        super().__init__(identifier, amount)
        self.identifier = identifier
        self.amount = amount

    def __str__(self) -> str:
        return f"adding {self.amount} to the counter {self.identifier!r} would leave the range of 64 bits"


class MigrationError(HoldfastError):
    """A copy of a storage that is not complete; what could be copied was.

    Attributes:
        keys: the keys that are the trouble, as ``namespace/identifier``.
        reason: what is wrong with them.
    """

    def __init__(self, keys: list[str], reason: str) -> None:
        super().__init__(keys, reason)
        self.keys = keys
        self.reason = reason

    def __str__(self) -> str:
        return self.reason


class LeaseLostError(HoldfastError):
    """The lock expired or was taken over while its holder believed to have it.

    Attributes:
        identifier: what was locked.
    """

    def __init__(self, identifier: str) -> None:
        super().__init__(identifier)
        self.identifier = identifier

    def __str__(self) -> str:
        return (
            f"the lock on {self.identifier!r} was lost before it was released: "
            "somebody else may have worked on the same thing"
        )


class RateLimitedError(HoldfastError):
    """A function that a `RateLimiter` guards was called too often; it did not run.

    Attributes:
        key: what was limited.
        verdict: the limiter's answer: ``verdict.retry_after`` is in seconds.
    """

    def __init__(self, key: str, verdict: Verdict) -> None:
        super().__init__(key, verdict)
        self.key = key
        self.verdict = verdict

    def __str__(self) -> str:
        why = "its storage is unavailable" if self.verdict.degraded else f"its limit is {self.verdict.limit}"
        return f"{self.key!r} is rate-limited ({why}); try again in {self.verdict.retry_after:.1f} s"


class NoUserError(HoldfastError, RuntimeError):
    """The ambient ``user`` was used where no user is acting. Nothing was read or written.

    Attributes:
        handling: True: a handler is running, but its update comes from no user; False: no handler is running.
    """

    def __init__(self, handling: bool) -> None:
        super().__init__(handling)
        self.handling = handling

    def __str__(self) -> str:
        if self.handling:
            return "nobody sent what this handler handles (a channel post, say): use `store`, or skip it"
        return (
            "no handler is running, so there is no user: `user` works inside handlers of a Holdfast adapter "
            "and inside `with acting_user(id):`; `store` works everywhere"
        )
