"""What each verb does to one document: the arithmetic of a storage, written once.

An operation takes the entry that is stored (None: absent or expired) and the time, and returns the entry that
is to stand there (None: nothing; the very one it was given: no change) and the verb's result. It changes
nothing else, so an engine may run it several times, and on any thread.

An engine that can run Python inside its transaction calls the operation. One that cannot tells the classes
below apart and has a statement or a script for each.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol, TypeVar

from botkeep._core import counters
from botkeep.ttl import Expiry

Result = TypeVar("Result")
Result_co = TypeVar("Result_co", covariant=True)


class Stored(NamedTuple):
    """A document as it is stored.

    Attributes:
        value: the encoded document.
        expires_at: seconds on the storage's clock; ``math.inf``: never.
    """

    value: bytes
    expires_at: float


class Operation(Protocol[Result_co]):
    """One atomic step on one document.

    One that never changes anything says so by an attribute ``changes_nothing``, which is True.
    """

    def __call__(self, entry: Stored | None, now: float, /) -> tuple[Stored | None, Result_co]:
        """Return what is to be stored in place of the entry, and the result for the caller."""
        ...


class Swap(NamedTuple):
    """What a compare-and-set came to.

    Attributes:
        done: the new value is in place.
        found: the bytes that stood there instead of the expected ones; None: there was no document.
    """

    done: bool
    found: bytes | None


class Put(NamedTuple):
    """Store a value; with ``expiry.keep`` a stored one's expiry stays."""

    value: bytes
    expiry: Expiry

    def __call__(self, entry: Stored | None, _: float, /) -> tuple[Stored, None]:
        if entry is not None and self.expiry.keep:
            return Stored(self.value, entry.expires_at), None
        return Stored(self.value, self.expiry.at), None


class Touch(NamedTuple):
    """Change when a document expires; False: it is absent."""

    expires_at: float

    def __call__(self, entry: Stored | None, _: float, /) -> tuple[Stored | None, bool]:
        return (None, False) if entry is None else (Stored(entry.value, self.expires_at), True)


class Delete(NamedTuple):
    """Remove a document; False: it is absent."""

    def __call__(self, entry: Stored | None, _: float, /) -> tuple[None, bool]:
        return None, entry is not None


class CompareAndSet(NamedTuple):
    """Store a value if the stored bytes are the expected ones; ``expected=None``: if there are none."""

    value: bytes
    expected: bytes | None
    expiry: Expiry

    def __call__(self, entry: Stored | None, _: float, /) -> tuple[Stored | None, Swap]:
        found = None if entry is None else entry.value
        if found != self.expected:
            return entry, Swap(done=False, found=found)
        return replaced(entry, self.value, self.expiry), Swap(done=True, found=None)


class CompareAndDelete(NamedTuple):
    """Remove a document if the stored bytes are the expected ones."""

    expected: bytes

    def __call__(self, entry: Stored | None, _: float, /) -> tuple[Stored | None, Swap]:
        found = None if entry is None else entry.value
        if found != self.expected:
            return entry, Swap(done=False, found=found)
        return None, Swap(done=True, found=None)


class Increment(NamedTuple):
    """Add to a counter and return the new total; the identifier is for errors."""

    identifier: str
    amount: int
    expiry: Expiry

    def __call__(self, entry: Stored | None, _: float, /) -> tuple[Stored, int]:
        total = counters.total(None if entry is None else entry.value, self.amount, self.identifier)
        return replaced(entry, b"%d" % total, self.expiry), total


def replaced(entry: Stored | None, value: bytes, expiry: Expiry) -> Stored:
    """Return the entry with another value; with ``expiry.keep`` the expiry of a stored one stays."""
    return Stored(value, entry.expires_at if expiry.keep and entry is not None else expiry.at)


def expiry_of(entry: Stored | None, _: float, /) -> tuple[Stored | None, float | None]:
    """Change nothing; return when the document expires, None when it is absent."""
    return entry, None if entry is None else entry.expires_at


def postponed(operation: Operation[Result], seconds: float) -> Operation[Result]:
    """Return the operation as it would have been made by a clock that is so many seconds ahead.

    For operations whose expiry was computed before the clock learned that it is behind the data.
    """
    if not seconds:
        return operation

    def later(entry: Stored | None, now: float, /) -> tuple[Stored | None, Result]:
        old = None if entry is None else Stored(entry.value, entry.expires_at - seconds)
        new, result = operation(old, now - seconds)
        if new is old:
            return entry, result
        return None if new is None else Stored(new.value, new.expires_at + seconds), result

    return later
