"""A Hypothesis state machine that drives a storage beside a plain dict, and compares every answer."""

from __future__ import annotations

import asyncio
import fnmatch
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, TypeVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from botkeep._core.counters import LARGEST, SMALLEST
from botkeep.abc import BaseStorage
from botkeep.errors import CounterOverflowError, NotACounterError
from botkeep.testing.clock import FakeClock
from botkeep.testing.model import Key, Model
from botkeep.testing.strategies import documents, patterns
from botkeep.ttl import KEEP_TTL, NO_TTL, Ttl

T = TypeVar("T")
KEYS = st.tuples(st.sampled_from(["", "a", "b/1"]), st.sampled_from(["a", "A", "a*", "[a]", "b:1", "b:2"]))
# Halves: an engine whose own clock ticks on meanwhile never comes near the edge.
TTLS = st.sampled_from([None, NO_TTL, KEEP_TTL, 10.5, 60.5, timedelta(seconds=300.5)])
TIMES = st.sampled_from([1, 9, 10, 11, 50, 60, 299, 300])
AMOUNTS = st.integers(-3, 3) | st.sampled_from([LARGEST, SMALLEST])
SMALL = documents(max_leaves=4)


class StorageMachine(RuleBasedStateMachine):
    """Calls verbs at random; inherit it, write `create`, and give its ``TestCase`` to pytest.

    .. code-block:: python

        from botkeep import MemoryStorage
        from botkeep.testing.machine import StorageMachine

        class MemoryMachine(StorageMachine):
            def create(self):
                return MemoryStorage(clock=self.clock)

        TestMemoryMachine = MemoryMachine.TestCase
    """

    def __init__(self) -> None:
        super().__init__()
        self.clock: FakeClock = FakeClock()
        self.model: Model = Model()
        self._loop = asyncio.new_event_loop()
        self.storage: BaseStorage = self.create()

    def create(self) -> BaseStorage:
        """Return a storage that is empty; the machine opens it with the first use, and stops it."""
        raise NotImplementedError

    def advance(self, time: float) -> None:
        """Make documents older by so many seconds."""
        self.clock.advance(time)

    def run(self, call: Coroutine[Any, Any, T]) -> T:
        """Await a call in the machine's event loop."""
        return self._loop.run_until_complete(call)

    def teardown(self) -> None:
        """Close what the run opened."""
        self.run(self.storage.stop())
        self._loop.close()

    def _at(self, key: Key) -> tuple[BaseStorage, str]:
        namespace, identifier = key
        return (self.storage.namespace(namespace) if namespace else self.storage), identifier

    # The rules.

    @rule(key=KEYS, document=SMALL, ttl=TTLS)
    def set_state(self, key: Key, document: Any, ttl: Ttl | None) -> None:
        """Store a document in both."""
        storage, identifier = self._at(key)
        self.run(storage.set_state(identifier, document, ttl=ttl))
        self.model.put(key, document, ttl)

    @rule(key=KEYS)
    def get_state(self, key: Key) -> None:
        """Compare a document."""
        storage, identifier = self._at(key)
        entry = self.model.live(key)

        assert self.run(storage.get_state(identifier, "absent")) == (entry.document if entry else "absent")

    @rule(key=KEYS)
    def delete_state(self, key: Key) -> None:
        """Remove a document from both."""
        storage, identifier = self._at(key)

        assert self.run(storage.delete_state(identifier)) == (self.model.live(key) is not None)
        self.model.delete(key)

    @rule(key=KEYS, document=SMALL, other=SMALL, rightly=st.booleans(), ttl=TTLS)
    def compare_and_set(self, key: Key, document: Any, other: Any, rightly: bool, ttl: Ttl | None) -> None:
        """Compare and set in both."""
        storage, identifier = self._at(key)
        entry = self.model.live(key)
        expected = (entry.document if entry else None) if rightly else other
        wins = entry is None if expected is None else entry is not None and entry.document == expected

        swap = storage.compare_and_set(identifier, document, expected=expected, ttl=ttl)
        assert self.run(swap) == wins
        if wins:
            self.model.put(key, document, ttl)

    @rule(key=KEYS, amount=AMOUNTS, ttl=TTLS, renew=st.booleans())
    def increment(self, key: Key, amount: int, ttl: Ttl | None, renew: bool) -> None:
        """Add to a counter in both."""
        storage, identifier = self._at(key)
        entry = self.model.live(key)
        count = entry.document if entry else 0
        call = storage.increment(identifier, amount, ttl=ttl, renew=renew)
        if type(count) is not int:
            with pytest.raises(NotACounterError):
                self.run(call)
        elif not SMALLEST <= count + amount <= LARGEST:
            with pytest.raises(CounterOverflowError):
                self.run(call)
        else:
            assert self.run(call) == count + amount
            self.model.put(key, count + amount, ttl, keep=ttl is None or not renew)

    @rule(key=KEYS, document=SMALL, ttl=TTLS.filter(lambda ttl: ttl is not None))
    def update(self, key: Key, document: Any, ttl: Ttl) -> None:
        """Change a document in both."""
        storage, identifier = self._at(key)
        entry = self.model.live(key)
        changed = [entry.document if entry else "default", document]

        call = storage.update(identifier, lambda found: [found, document], default="default", ttl=ttl)
        assert self.run(call) == changed
        self.model.put(key, changed, ttl)

    @rule(key=KEYS, ttl=TTLS.filter(lambda ttl: ttl is not KEEP_TTL))
    def touch(self, key: Key, ttl: Ttl | None) -> None:
        """Change an expiry in both."""
        storage, identifier = self._at(key)
        entry = self.model.live(key)

        assert self.run(storage.touch(identifier, ttl=ttl)) == (entry is not None)
        if entry is not None:
            self.model.put(key, entry.document, ttl)

    @rule(key=KEYS)
    def get_ttl(self, key: Key) -> None:
        """Compare what is left."""
        storage, identifier = self._at(key)
        entry = self.model.live(key)
        left = None if entry is None else pytest.approx(entry.expires_at - self.model.now, abs=0.5)

        assert self.run(storage.get_ttl(identifier)) == left
        assert self.run(storage.exists(identifier)) == (entry is not None)

    @rule(
        namespace=st.sampled_from(["", "a", "b/1"]), pattern=patterns() | st.sampled_from(["*", "b:*", "?*"])
    )
    def list_keys(self, namespace: str, pattern: str) -> None:
        """Compare what a pattern lists."""
        storage, _ = self._at((namespace, ""))
        matching = [key for key in self.model.keys(namespace) if fnmatch.fnmatchcase(key, pattern)]

        assert self.run(storage.list_keys(pattern)) == matching

    @rule(namespace=st.sampled_from(["", "a", "b/1"]))
    def clear_namespace(self, namespace: str) -> None:
        """Clear both."""
        storage, _ = self._at((namespace, ""))

        assert self.run(storage.clear_namespace()) == len(self.model.keys(namespace))
        self.model.clear(namespace)

    @rule(time=TIMES)
    def let_time_pass(self, time: float) -> None:
        """Make the documents of both older."""
        self.advance(time)
        self.model.now += time

    @rule()
    def stop_and_start(self) -> None:
        """Restart the storage."""
        self.run(self.storage.stop())
        self.run(self.storage.start())

    @invariant()
    def namespaces_are_those_that_hold_something(self) -> None:
        """Compare the namespaces."""
        holding = [namespace for namespace in ("a", "b/1") if self.model.keys(namespace)]

        assert self.run(self.storage.list_namespaces()) == holding
