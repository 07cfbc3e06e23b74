"""Documents in Redis or Valkey, for bots on several machines. Needs the extra ``botkeep[redis]``."""

from __future__ import annotations

import asyncio
import gc
import math
import time
import warnings
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from redis.asyncio import Redis, RedisCluster

from botkeep._core import counters
from botkeep._core.compat import override
from botkeep._core.operations import CompareAndDelete, CompareAndSet, Increment, Stored
from botkeep.abc import BaseStorage
from botkeep.errors import OutcomeUnknownError, StorageUnavailableError
from botkeep.hooks import apply_optimistically
from botkeep.ratelimit.decisions import Hit, Peek, decision_from_engine
from botkeep.storages.redis import commands
from botkeep.storages.redis.client import describe_address, topology_of
from botkeep.storages.redis.commands import COMMANDS
from botkeep.storages.redis.eviction import EvictionWarning, warn_of_eviction
from botkeep.storages.redis.keys import KeySpace
from botkeep.storages.redis.retries import RetryingRouter
from botkeep.ttl import Expiry, positive_seconds

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Iterable, Mapping, Sequence

    from botkeep.hooks import Operation
    from botkeep.ratelimit.decisions import Decision
    from botkeep.storages.redis.commands import Request
    from botkeep.storages.redis.pipeline import ServerPipeline
    from botkeep.ttl import Clock

__all__ = ["EvictionWarning", "RedisStorage"]

_ABSENT: Final = -2
"""PTTL's answer for a key that is not there; -1 is for one that never expires."""

_ONE: Final = ord("1")

Result = TypeVar("Result")


class RedisStorage(BaseStorage):
    """Keeps documents in Redis 6.2 or newer, or Valkey: one server, a Cluster, or a master behind Sentinel.

    Documents are JSON strings, counters plain integers, expiry is the server's: see ``docs/redis.md`` for the
    keys and for the settings a bot needs. Calls made at the same time share one trip. The client gives the
    address and the settings; the storage opens connections of its own, one to each server, and sends nothing
    twice that would then be done twice.

    Args:
        client: a ``redis.asyncio.Redis`` or ``RedisCluster``, with any settings; it stays yours to close.
        prefix: what all keys begin with. A storage with another prefix shares nothing with this one; one ":"
            at the end makes no difference.
        default_ttl: seconds (or a timedelta) that a document lives when the call gives no ttl; None: for
            ever.
        timeout: seconds that a call takes at most: while the server is away, calls wait for it so long; then
            `StorageUnavailableError`, or `OutcomeUnknownError` for a write that had been sent.
        clock: seconds since the epoch; tests inject their own.

    Raises:
        TypeError: the client is not one of redis-py's asynchronous ones.
        ValueError: a prefix that is empty or holds "::", ":/" or NUL; a timeout that is not positive.
    """

    def __init__(
        self,
        client: Redis | RedisCluster,
        *,
        prefix: str = "botkeep:",
        default_ttl: float | timedelta | None = None,
        timeout: float = 5.0,
        clock: Clock = time.time,
    ) -> None:
        self._client = client
        self._address = describe_address(client)
        self._owns_client = False
        self._prefix = prefix
        self._keys = KeySpace(prefix)
        self._timeout = positive_seconds(timeout, "timeout")
        self._clearings: set[asyncio.Task[int]] = set()
        super().__init__(default_ttl=default_ttl, clock=clock)
        self._router = self._new_router()

    @classmethod
    def from_url(
        cls,
        url: str,
        *,
        prefix: str = "botkeep:",
        default_ttl: float | timedelta | None = None,
        timeout: float = 5.0,
        clock: Clock = time.time,
    ) -> RedisStorage:
        """Return a storage on the server that the URL names; `stop` closes its client.

        Args:
            url: ``redis://user:password@host:6379/0``, ``rediss://`` with TLS, or ``unix:///path``;
                redis-py's options may follow as a query.
            prefix: what all keys begin with; one ":" at the end makes no difference.
            default_ttl: seconds (or a timedelta) that a document lives when the call gives no ttl; None: for
                ever.
            timeout: seconds that a call waits for the server at most.
            clock: seconds since the epoch; tests inject their own.

        Raises:
            ValueError: the URL has another scheme, or an option that redis-py cannot read; the prefix or the
                timeout is unfit, as for the class.
        """
        client = Redis.from_url(url)
        storage = cls(client, prefix=prefix, default_ttl=default_ttl, timeout=timeout, clock=clock)
        storage._owns_client = True
        return storage

    def __repr__(self) -> str:
        return f"RedisStorage({self._address!r}, prefix={self._prefix!r})"

    def _new_router(self) -> RetryingRouter:
        name = repr(self)
        topology = topology_of(self._client, name=name, clock=self._clock, timeout=self._timeout)
        return RetryingRouter(topology, name=name, timeout=self._timeout)

    @override
    async def _open(self) -> None:
        try:
            await self._router.open()
            await warn_of_eviction(self._router, repr(self))
        except BaseException:
            await self._router.close()
            raise

    @override
    async def _close(self) -> None:
        if self._lifecycle.loop is not asyncio.get_running_loop():
            self._abandon()
            return
        while self._clearings:
            await asyncio.wait(self._clearings)
        await self._router.close()
        if self._owns_client:
            await self._client.aclose()

    def _abandon(self) -> None:
        """Drop connections whose event loop was closed: nothing can be sent on them any more."""
        with warnings.catch_warnings():
            # They warn that they were not closed; that this storage was not, somebody has been told.
            warnings.simplefilter("ignore", ResourceWarning)
            self._router = self._new_router()
            self._clearings.clear()
            gc.collect()

    @override
    async def _ping(self) -> None:
        topology, call = self._router.topology, self._router.call
        checks = [call(topology.check, server) for server in topology.nodes()]
        _, *replies = await asyncio.gather(call(commands.probe(self._keys.key("//probe", "-"))), *checks)
        if any(b"cluster_state:fail" in reply for reply in replies):
            raise StorageUnavailableError(repr(self), "the Cluster is down")

    @override
    def _get(self, namespace: str, identifier: str) -> Awaitable[bytes | None]:
        return self._router.call(commands.get(self._keys.key(namespace, identifier), identifier))

    @override
    async def _get_expiry(self, namespace: str, identifier: str) -> float | None:
        key = self._keys.key(namespace, identifier)
        return self._moment_of_expiry(await self._router.call(commands.get_expiry(key, identifier)))

    def _moment_of_expiry(self, milliseconds: int) -> float | None:
        """Return the moment that PTTL's answer means, on our clock."""
        if milliseconds < 0:
            return None if milliseconds == _ABSENT else math.inf
        return self._clock() + max(milliseconds, 1) / 1000

    @override
    async def _get_many(self, namespace: str, identifiers: Sequence[str]) -> list[Stored | None]:
        batches = self._router.topology.batches(identifiers)
        pages = await asyncio.gather(*(self._get_batch(namespace, batch) for batch in batches))
        return [stored for page in pages for stored in page]

    async def _get_batch(self, namespace: str, identifiers: Sequence[str]) -> list[Stored | None]:
        keys = [self._keys.key(namespace, identifier) for identifier in identifiers]
        *values, left = await self._router.call(commands.get_many(keys))
        moments = [self._moment_of_expiry(int(milliseconds)) for milliseconds in left.split()]
        if any(value is None and moment is not None for value, moment in zip(values, moments, strict=True)):
            # What is no string: read by itself, it is an error that names the identifier.
            stored = (self._get_stored(namespace, identifier) for identifier in identifiers)
            return await asyncio.gather(*stored)
        return [
            None if value is None or moment is None else Stored(value, moment)
            for value, moment in zip(values, moments, strict=True)
        ]

    async def _get_stored(self, namespace: str, identifier: str) -> Stored | None:
        value, expires_at = await asyncio.gather(
            self._get(namespace, identifier), self._get_expiry(namespace, identifier)
        )
        return None if value is None or expires_at is None else Stored(value, expires_at)

    @override
    async def _add_many(self, namespace: str, documents: Mapping[str, Stored]) -> list[bool]:
        items = [(self._keys.key(namespace, identifier), stored) for identifier, stored in documents.items()]
        now = self._clock()
        requests = [commands.add_many(batch, now) for batch in self._router.topology.batches(items)]
        return [digit == _ONE for digit in b"".join(await self._write_all(requests))]

    async def _write_all(self, requests: Sequence[Request], *, began: bool = False) -> list[Any]:
        """Send requests that make up one write, and return their answers.

        Args:
            requests: what is to be done.
            began: others of the same write have been carried out.

        Raises:
            OutcomeUnknownError: some of it failed, and some may have been done.
        """
        calls = (self._router.call(request) for request in requests)
        answers = await asyncio.gather(*calls, return_exceptions=True)
        errors = [answer for answer in answers if isinstance(answer, BaseException)]
        if not errors:
            return answers
        if began or len(errors) < len(answers):
            raise _done_in_part(repr(self), errors[0])
        unknown = (error for error in errors if isinstance(error, OutcomeUnknownError))
        raise next(unknown, errors[0])

    @override
    def _apply(self, namespace: str, identifier: str, operation: Operation[Result]) -> Awaitable[Result]:
        key, step = self._keys.key(namespace, identifier), cast("Any", operation)
        kind: type = type(operation)
        command = COMMANDS.get(kind)
        result: Awaitable[Any]
        if command is not None:
            result = self._router.call(command.request(key, identifier, step), result_of=command.result_of)
        elif kind is Increment:
            result = self._increment(key, step)
        elif kind is Hit:
            result_of = partial(self._decision, step)
            result = self._router.call(commands.hit(key, identifier, step), result_of=result_of)
        elif kind is Peek:
            result = self._peek(key, step)
        else:
            load = partial(self._get_stored, namespace, identifier)
            swap = partial(self._swap, key, identifier)
            result = apply_optimistically(load, swap, operation, self._clock)
        return cast("Awaitable[Result]", result)

    async def _swap(self, key: bytes, identifier: str, old: Stored | None, new: Stored | None) -> bool:
        expected = None if old is None else old.value
        if new is None:
            assert expected is not None, "an operation removes only what is there"
            deletion = CompareAndDelete(expected)
            answer = await self._router.call(commands.delete_if_equal(key, identifier, deletion))
        else:
            expiry = Expiry(new.expires_at, keep=old is not None and old.expires_at == new.expires_at)
            operation = CompareAndSet(new.value, expected, expiry)
            answer = await self._router.call(commands.compare_and_set(key, identifier, operation))
        return bool(answer == 1)

    async def _increment(self, key: bytes, operation: Increment) -> int:
        identifier, amount, expiry = operation
        while True:
            answer = await self._router.call(commands.increment(key, identifier, operation))
            if isinstance(answer, bytes):
                return int(answer)
            (found,) = answer
            total = counters.total(found, amount, identifier)
            # An integer as JSON has it and INCRBY does not, with a space before it, say: somebody's own hand.
            swap = CompareAndSet(b"%d" % total, found, expiry)
            if await self._router.call(commands.compare_and_set(key, identifier, swap)) == 1:
                return total

    def _decision(self, operation: Hit, answer: bytes) -> Decision:
        allowed, milliseconds, record = answer.split(b" ", 2)
        return decision_from_engine(
            record, operation, int(milliseconds) / 1000, self._clock(), allowed=allowed == b"1"
        )

    async def _peek(self, key: bytes, operation: Peek) -> Decision:
        answer: bytes = await self._router.call(commands.get_at(key, operation.identifier))
        milliseconds, _, record = answer.partition(b" ")
        return operation.decision(record or None, int(milliseconds) / 1000, self._clock())

    @override
    async def _scan(self, namespace: str, prefix: str) -> AsyncIterator[Sequence[str]]:
        async for keys in self._pages(self._keys.pattern(namespace, prefix)):
            page = [self._keys.identifier(namespace, key) for key in keys]
            yield [identifier for identifier in page if identifier is not None]

    @override
    async def _namespaces(self) -> Iterable[str]:
        pages = self._pages(self._keys.namespaces_pattern())
        return {self._keys.namespace(key) async for keys in pages for key in keys}

    async def _pages(self, pattern: bytes) -> AsyncIterator[Sequence[bytes]]:
        """Yield the keys that match, in pages, each once."""
        seen: set[bytes] = set()
        for server in self._router.topology.nodes():
            async for page in self._pages_of(server, pattern):
                yield [key for key in dict.fromkeys(page) if key not in seen]
                seen.update(page)

    async def _pages_of(self, server: ServerPipeline, pattern: bytes) -> AsyncIterator[Sequence[bytes]]:
        cursor, generation = b"0", server.generation
        while True:
            cursor, page = await self._router.call(commands.scan(cursor, pattern), server)
            if server.generation == generation:
                yield page
                if cursor == b"0":
                    return
            else:
                # To another server, or to this one after a restart, the cursor meant nothing: begin again.
                cursor, generation = b"0", server.generation

    @override
    async def _clear(self, namespace: str) -> int:
        clearing = asyncio.get_running_loop().create_task(self._clear_all(namespace))
        self._clearings.add(clearing)
        clearing.add_done_callback(self._clearings.discard)
        cancelled: asyncio.CancelledError | None = None
        while not clearing.done():
            try:
                await asyncio.wait([clearing])
            except asyncio.CancelledError as exc:
                # Half of a namespace is worse than a late end, and nothing may vanish after the call's end.
                cancelled = exc
        if cancelled is not None:
            raise cancelled
        return clearing.result()

    async def _clear_all(self, namespace: str) -> int:
        count = 0
        try:
            async for keys in self._pages(self._keys.pattern(namespace, "")):
                requests = self._router.topology.deletions(keys)
                count += sum(await self._write_all(requests, began=count > 0))
        except StorageUnavailableError as exc:
            if count and not isinstance(exc, OutcomeUnknownError):
                raise _done_in_part(repr(self), exc) from exc
            raise
        return count


def _done_in_part(storage: str, error: BaseException) -> OutcomeUnknownError:
    unknown = OutcomeUnknownError(storage, f"a part of it was done, and then: {error}")
    unknown.__cause__ = error
    return unknown
