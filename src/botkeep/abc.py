"""The storage specification: the verbs, with the laws they keep, and the hooks an engine implements.

The verbs are written once, here: they check the identifier and the ttl, encode or decode the document,
compute the moment of expiry, and call hooks that deal in bytes. A storage of your own is these hooks;
`botkeep.testing.StorageContract` proves that it keeps the laws.

The laws; tests and documentation cite them by their numbers:

1. **One value domain.** A document is JSON, with tags for what the standard library adds to it: see
   `botkeep.documents`. Types come back as they were; what cannot is refused, and nothing is written.
2. **No aliasing.** What a caller does to a value afterwards changes nothing stored.
3. **Expired is absent**, for every verb.
4. **A ttl** is seconds, above 0; None: the storage's ``default_ttl``; `NO_TTL`; `KEEP_TTL`.
5. **Counters are documents that hold an integer** of 64 bits.
6. **compare_and_set** compares values, not bytes; of N writers at once exactly one wins.
7. **increment, update and lock lose nothing**, whatever tasks and processes do at the same time.
8. **Wholly or not at all**: a cancelled or failed call has happened or not, and the storage stays usable.
9. **A failed read is an exception**, never "absent". A damaged document is `CorruptDocumentError`, and no
   verb that had to read it overwrites it.
10. **Identifiers**: any text of 1 to 1,024 bytes of UTF-8 without NUL, told apart byte by byte.
11. **One glob dialect**, `botkeep.patterns`; a literal prefix costs what it matches.
12. **Namespaces are walls**: no key, pattern or clear in one reaches another.
13. **Life**: the first verb opens; `start` and `stop` may be called twice; one event loop at a time.
14. **Errors** come from one tree, `botkeep.errors`; a driver's are mapped in one place.

Errors that any verb may raise: `IdentifierError`, `StorageUnavailableError`, `StorageClosedError`,
`EventLoopError`; a writing verb also `OutcomeUnknownError` and, for the value, `DocumentError`.
"""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

from botkeep import documents
from botkeep._core import counters
from botkeep._core.operations import CompareAndSet, Delete, Increment, Put, Touch
from botkeep._core.paths import children, inner, private
from botkeep._core.storage_base import StorageBase
from botkeep.errors import CorruptDocumentError, CounterOverflowError
from botkeep.hooks import EngineWrapper, StorageHooks
from botkeep.keys import check_identifier
from botkeep.lease import Lease
from botkeep.patterns import compile_pattern
from botkeep.ttl import KEEP_TTL, NO_TTL, Expiry, TtlRule, positive_seconds

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from datetime import timedelta
    from types import TracebackType

    from typing_extensions import Self

    from botkeep.ttl import Ttl

__all__ = ["BaseStorage", "check_storage"]

Result = TypeVar("Result")

HEALTH_SECONDS: Final = 1.0
"""How long `BaseStorage.health` waits for an answer."""

NEVER: Final = Expiry(math.inf, keep=False)


def check_storage(storage: object, name: str = "storage") -> None:
    """Raise TypeError unless this is a storage.

    Args:
        storage: what a caller gave.
        name: what the caller calls it, for the error.
    """
    if not isinstance(storage, BaseStorage):
        raise TypeError(f"{name} must be a Botkeep storage, such as SQLiteStorage('bot.db'), not {storage!r}")


class BaseStorage(StorageBase):
    """Documents under identifiers, with expiry, counters, compare-and-set and namespaces.

    The first verb opens the storage; ``stop`` closes it, or ``async with``. A storage object serves one event
    loop at a time.

    Args:
        default_ttl: seconds (or a timedelta) to live for a document whose call gives no ttl; None: for ever.
        clock: seconds since the epoch; tests inject their own.
    """

    # The verbs.

    async def get_state(self, identifier: str, default: Any = None) -> Any:
        """Return the document; ``default`` when it is absent. A new object at each call.

        Raises:
            CorruptDocumentError: what is stored there cannot be read.
        """
        value = await self.get_encoded(identifier)
        return default if value is None else documents.decode(value, identifier)

    async def set_state(self, identifier: str, state: Any, *, ttl: Ttl | None = None) -> None:
        """Store a document in place of whatever was there.

        Args:
            identifier: the key: 1 to 1,024 bytes of UTF-8, without NUL.
            state: the document: see `botkeep.documents`. What is done to it later stays outside.
            ttl: seconds (or a timedelta) to live; None: the storage's ``default_ttl``; `NO_TTL`: for ever;
                `KEEP_TTL`: the expiry that the old document has.
        """
        await self.apply(identifier, Put(documents.encode(state), self.expiry(ttl)))

    async def delete_state(self, identifier: str) -> bool:
        """Remove a document; True if there was one."""
        return await self.apply(identifier, Delete())

    async def compare_and_set(
        self, identifier: str, new_state: Any, *, expected: Any, ttl: Ttl | None = None
    ) -> bool:
        """Store ``new_state`` if the document equals ``expected``; True if it did. Of N at once, one wins.

        Compared are the values, as Python compares them after a round trip through the codec: all fields, the
        order of dict keys ignored. ``expected=None`` means that there must be no document.
        """
        value, expiry = documents.encode(new_state), self.expiry(ttl)
        wanted = None if expected is None else documents.encode(expected)
        while True:
            swap = await self.apply(identifier, CompareAndSet(value, wanted, expiry))
            if swap.done or not documents.same(swap.found, wanted, identifier):
                return swap.done
            # The same value in other bytes (1.0 for 1, keys in another order): those bytes it is.
            wanted = swap.found

    async def increment(
        self, identifier: str, amount: int = 1, *, ttl: Ttl | None = None, renew: bool = True
    ) -> int:
        """Add to a counter, a document that holds an integer, and return the new total. Absent counts as 0.

        Args:
            identifier: the key.
            amount: an int; may be negative or 0.
            ttl: as for `set_state`, but None keeps the expiry of a counter that is there.
            renew: with a ``ttl``: True starts it anew at each call, False sets it only on a new counter.

        Raises:
            NotACounterError: the document is something else.
            CounterOverflowError: the total would leave 64 bits (signed). Nothing was changed.
        """
        if isinstance(amount, bool) or not isinstance(amount, int):
            raise TypeError(f"amount must be an int, not {amount!r}")
        if not counters.SMALLEST <= amount <= counters.LARGEST:
            raise CounterOverflowError(identifier, amount)
        expiry = self.expiry(KEEP_TTL if ttl is None else ttl)
        if not renew:
            expiry = expiry._replace(keep=True)
        return await self.apply(identifier, Increment(identifier, amount, expiry))

    async def touch(self, identifier: str, *, ttl: Ttl | None) -> bool:
        """Change when a document expires and nothing else; True if there is one.

        Raises:
            ValueError: the ttl is `KEEP_TTL`, which would change nothing.
        """
        if ttl is KEEP_TTL:
            raise ValueError(
                "touch changes the expiry: give seconds, NO_TTL or None (the default ttl), not KEEP_TTL"
            )
        return await self.apply(identifier, Touch(self.expiry(ttl).at))

    async def get_ttl(self, identifier: str) -> float | None:
        """Return the seconds left to a document; ``math.inf``: it never expires; None: it is absent."""
        expires_at = await self._expires_at(identifier)
        left = None if expires_at is None else expires_at - self._clock()
        return None if left is None or left <= 0 else left

    async def exists(self, identifier: str) -> bool:
        """Whether there is a document, readable or not."""
        try:
            return await self._expires_at(identifier) is not None
        except CorruptDocumentError:
            return True

    async def list_keys(self, pattern: str = "*") -> list[str]:
        """Return the identifiers that match, sorted; the dialect is that of `botkeep.patterns`."""
        return sorted([identifier async for identifier in self.scan(pattern)])

    async def scan(self, pattern: str = "*") -> AsyncIterator[str]:
        """Stream what `list_keys` lists, in no promised order, each once.

        What is written or removed meanwhile may be missing or not; what stays all the while is there.
        """
        compiled = compile_pattern(pattern)
        await self._enter()
        async for page in self._engine._scan(self._namespace, compiled.prefix):  # noqa: SLF001 # an engine's hook
            for identifier in page:
                if compiled.segments is None or compiled.matches(identifier):
                    yield identifier

    async def clear_namespace(self) -> int:
        """Remove every document of this namespace, of no other, and return how many there were."""
        await self._enter()
        return await self._engine._clear(self._namespace)  # noqa: SLF001 # an engine's hook

    async def health(self) -> bool:
        """Whether the storage answers within a second. Opens it if need be; never raises."""
        try:
            await asyncio.wait_for(self._answer(), HEALTH_SECONDS)
        except Exception:  # noqa: BLE001 # whatever it is, the answer is no
            return False
        return True

    async def start(self) -> None:
        """Open the storage, also after `stop`; opening twice is fine. The first verb does it too."""
        await self._lifecycle.start(self._engine)

    async def stop(self) -> None:
        """Finish what is under way and close; closing twice is fine. Verbs then raise until `start`."""
        await self._lifecycle.stop(self._engine)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    # Built on the verbs, for every storage.

    async def update(
        self,
        identifier: str,
        change: Callable[[Any], Any],
        *,
        default: Any = None,
        ttl: Ttl | None = KEEP_TTL,
    ) -> Any:
        """Read, change and write a document as one step, and return the new one. Loses nothing to others.

        Args:
            identifier: the key.
            change: takes the document, returns the new one; may change it in place, but must return it. It
                may run several times, when another process writes in between.
            default: given to ``change`` when there is no document; never changed itself.
            ttl: as for `set_state`.

        Raises:
            TypeError: ``change`` returned None: most often an in-place change that forgot its ``return``.
        """
        expiry, start = self.expiry(ttl), documents.encode(default)
        # Not as one operation: an engine may run that on another thread, and the change is the caller's.
        async with self._mutexes.of((self._namespace, identifier)):
            found = await self.get_encoded(identifier)
            while True:
                value = _changed(change, start if found is None else found, identifier)
                if value == found and expiry.keep:
                    break
                swap = await self.apply(identifier, CompareAndSet(value, found, expiry))
                if swap.done:
                    break
                found = swap.found
        return documents.decode(value, identifier)

    def namespace(
        self, name: str, *, default_ttl: float | timedelta | Literal[TtlRule.NO_TTL] | None = None
    ) -> BaseStorage:
        """Return a view of this storage with keys that no pattern, key or clear elsewhere reaches.

        Args:
            name: told apart from every other, whatever characters it has.
            default_ttl: seconds (or a timedelta) to live for a document of the view whose call gives no ttl;
                `NO_TTL`: for ever; None: as in this storage.

        Raises:
            IdentifierError: the name is not fit for an identifier.
        """
        check_identifier(name)
        view = self._view(inner(self._namespace, name))
        if default_ttl is not None:
            own = math.inf if default_ttl is NO_TTL else positive_seconds(default_ttl, "default_ttl")
            view._default_ttl = own  # noqa: SLF001 # a view shares the storage's own parts
        return view

    async def list_namespaces(self) -> list[str]:
        """Return the names of the namespaces directly inside this one that hold something, sorted."""
        await self._enter()
        return sorted(children(self._namespace, await self._engine._namespaces()))  # noqa: SLF001 # an engine's hook

    def lock(self, identifier: str, *, ttl: float | timedelta = 30.0) -> Lease:
        """Return a lock for ``async with``, across tasks and processes: a lease that is renewed while held.

        It is a record of its own, apart from any document under the same identifier.

        Args:
            identifier: what to lock.
            ttl: seconds after which a holder that died has lost it.

        Raises:
            DeadlockError: as the block begins: the task holds the lock already, or the task that does waits
                for this one.
            LeaseLostError: at the end of the block, when somebody else may have held it meanwhile.
        """
        check_identifier(identifier)
        records = self._view(private(self._namespace, "locks"))
        return Lease(
            records,
            self._view(private("", "fences")),
            identifier,
            ttl=positive_seconds(ttl, "ttl"),
            local_lock=lambda: records.local_lock(identifier),
        )

    def on_engine(self, engine: StorageHooks) -> BaseStorage:
        """Return a view of the same documents through another engine, which wraps that of this storage."""
        return NamespaceView(self, engine, self._namespace)

    def _view(self, namespace: str) -> BaseStorage:
        return NamespaceView(self, self._engine, namespace)

    async def _answer(self) -> None:
        await self._enter()
        await self._engine._ping()  # noqa: SLF001 # an engine's hook


class NamespaceView(EngineWrapper, BaseStorage):
    """What `BaseStorage.namespace` returns: every verb, on keys that nobody outside can reach.

    It shares the storage's life: `start` and `stop` open and close the storage itself.
    """

    def __init__(self, storage: BaseStorage, engine: StorageHooks, namespace: str) -> None:
        # No other __init__: life, clock, default ttl and mutexes are the storage's own.
        self._wrapped = engine
        self._storage = storage
        self._other_engine = engine
        self._namespace = namespace
        self._lifecycle = storage._lifecycle  # noqa: SLF001 # a view shares the storage's own parts
        self._clock = storage._clock  # noqa: SLF001 # a view shares the storage's own parts
        self._default_ttl = storage._default_ttl  # noqa: SLF001 # a view shares the storage's own parts
        self._mutexes = storage._mutexes  # noqa: SLF001 # a view shares the storage's own parts

    def __repr__(self) -> str:
        return f"<namespace {self._namespace!r} of {self._storage!r}>"


def _changed(change: Callable[[Any], Any], value: bytes, identifier: str) -> bytes:
    document = change(documents.decode(value, identifier))
    if document is None:
        raise TypeError(
            f"the change given to update({identifier!r}) returned None; return the new document "
            "(delete_state removes one, set_state stores None)"
        )
    return documents.encode(document)
