"""Everything that Botkeep raises.

::

    BotkeepError
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
    ├── DeadlockError                   a lock waiting for itself         (also a RuntimeError)
    ├── UnknownStateError               no state, or one of another group (also a ValueError)
    ├── InvalidTransitionError          a move that the group of states does not allow
    ├── ConflictError                   a turn whose record somebody else changed
    ├── RateLimitedError                a function called more often than its limit allows
    └── NoUserError                     ``user`` where nobody is acting   (also a RuntimeError)

Each error keeps its data as attributes and builds its text from them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from botkeep.ratelimit.verdict import Verdict


class BotkeepError(Exception):
    """The root: ``except BotkeepError`` catches whatever this library raises on purpose."""


class StorageError(BotkeepError):
    """The storage failed, rather than the value given to it."""


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
    """What lies at this place is not something this version of Botkeep can read; it was left as it is.

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


class DocumentError(BotkeepError, ValueError):
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


class CorruptDocumentError(BotkeepError):
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


class IdentifierError(BotkeepError, ValueError):
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


class NotACounterError(BotkeepError, TypeError):
    """``increment`` met a document that is not an integer; it was left as it is.

    Attributes:
        identifier: the key it is stored under.
    """

    def __init__(self, identifier: str) -> None:
        super().__init__(identifier)
        self.identifier = identifier

    def __str__(self) -> str:
        return f"the document stored under {self.identifier!r} is not an integer, so it cannot be incremented"


class CounterOverflowError(BotkeepError, OverflowError):
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


class MigrationError(BotkeepError):
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


class LeaseLostError(BotkeepError):
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


class RateLimitedError(BotkeepError):
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


class NoUserError(BotkeepError, RuntimeError):
    """The ambient ``user`` was used where no user is acting. Nothing was read or written.

    Attributes:
        handling: True: a handler is running, but its update comes from no user; False: no handler is running.
        ended: True: the handler that started this task or thread has ended.
    """

    def __init__(self, handling: bool, *, ended: bool = False) -> None:
        super().__init__(handling)
        self.handling = handling
        self.ended = ended

    def __str__(self) -> str:
        if self.ended:
            return (
                "the handler that started this has ended, and a job of its own acts for nobody: put what it "
                "does for a user inside `with acting_user(id):`"
            )
        if self.handling:
            return "nobody sent what this handler handles (a poll's closing, say): use `store`, or skip it"
        return (
            "no handler is running, so there is no user: `user` works inside handlers of a Botkeep adapter "
            "and inside `with acting_user(id):`; `store` works everywhere"
        )


class DeadlockError(BotkeepError, RuntimeError):
    """A task asked for a lock that it holds, and would have waited for itself for ever.

    Attributes:
        identifier: what it holds.
    """

    def __init__(self, identifier: str) -> None:
        super().__init__(identifier)
        self.identifier = identifier

    def __str__(self) -> str:
        return (
            f"this task, or one that waits for it, holds the lock on {self.identifier!r} already and would "
            "wait for itself; take the lock once, around the whole handler"
        )


class UnknownStateError(BotkeepError, ValueError):
    """Something that is no state, or no state of the groups in question.

    Attributes:
        state: what was given.
        reason: what would be right.
    """

    def __init__(self, state: object, reason: str) -> None:
        super().__init__(state, reason)
        self.state = state
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.state!r} {self.reason}"


class InvalidTransitionError(BotkeepError):
    """The transitions of a group of states do not allow this move; nothing was written.

    Attributes:
        source: the state that the dialogue is in; None: it is in none.
        target: the state that it was to enter; None: it was to leave its state.
        allowed: what may follow ``source``; None in it stands for no state.
    """

    def __init__(self, source: str | None, target: str | None, allowed: Sequence[str | None]) -> None:
        super().__init__(source, target, allowed)
        self.source = source
        self.target = target
        self.allowed = allowed

    def __str__(self) -> str:
        source, target, *allowed = (name or "no state" for name in (self.source, self.target, *self.allowed))
        return f"{target} may not follow {source}; allowed: {', '.join(allowed) or 'nothing'}"


class ConflictError(BotkeepError):
    """Somebody else changed the record between the beginning and the end of a turn; the turn wrote nothing.

    Attributes:
        identifier: the key of the record.
        mine: the record that the turn would have written.
        theirs: the record that is there instead; None: it was removed.
    """

    def __init__(self, identifier: str, mine: dict[str, Any], theirs: dict[str, Any] | None) -> None:
        super().__init__(identifier, mine, theirs)
        self.identifier = identifier
        self.mine = mine
        self.theirs = theirs

    def __str__(self) -> str:
        return (
            f"somebody else changed {self.identifier!r} during this turn, which wrote nothing: "
            f"{'; '.join(self._differences()) or 'both say the same'}. "
            "context.run(handler) repeats a turn that met a conflict"
        )

    def _differences(self) -> Iterator[str]:
        if self.theirs is None:
            yield "the record was removed"
            return
        mine, theirs = ({"state": record["name"], **record["data"]} for record in (self.mine, self.theirs))
        for name in dict.fromkeys((*mine, *theirs)):
            if mine.get(name) != theirs.get(name):
                yield f"{name} is {theirs.get(name)!r:.80} there, {mine.get(name)!r:.80} in this turn"
