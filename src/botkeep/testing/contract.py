"""The executable spec of a storage: every law as tests, to be inherited."""

from __future__ import annotations

import pytest

from botkeep.testing.laws.aliasing import AliasingLaws
from botkeep.testing.laws.cancellation import CancellationLaws
from botkeep.testing.laws.concurrency import ConcurrencyLaws
from botkeep.testing.laws.corruption import CorruptionLaws
from botkeep.testing.laws.counter_expiry import CounterExpiryLaws
from botkeep.testing.laws.counters import CounterLaws
from botkeep.testing.laws.expiry import ExpiryLaws
from botkeep.testing.laws.identifiers import IdentifierLaws
from botkeep.testing.laws.leases import LeaseLaws
from botkeep.testing.laws.lifecycle import LifecycleLaws
from botkeep.testing.laws.limits import LimitLaws
from botkeep.testing.laws.locks import LockLaws
from botkeep.testing.laws.moving import MovingLaws
from botkeep.testing.laws.namespaces import NamespaceLaws
from botkeep.testing.laws.patterns import PatternLaws
from botkeep.testing.laws.swaps import SwapLaws
from botkeep.testing.laws.touch import TouchLaws
from botkeep.testing.laws.ttl import TtlLaws
from botkeep.testing.laws.updates import UpdateLaws
from botkeep.testing.laws.values import ValueLaws


# The scope is said in so many words: a project may have set another default, and each test has a storage,
# which serves one event loop, of its own.
@pytest.mark.asyncio(loop_scope="function")
class StorageContract(
    ValueLaws,
    AliasingLaws,
    ExpiryLaws,
    TtlLaws,
    TouchLaws,
    CounterLaws,
    CounterExpiryLaws,
    SwapLaws,
    UpdateLaws,
    ConcurrencyLaws,
    LimitLaws,
    CancellationLaws,
    CorruptionLaws,
    IdentifierLaws,
    PatternLaws,
    NamespaceLaws,
    MovingLaws,
    LifecycleLaws,
    LockLaws,
    LeaseLaws,
):
    """The laws that hold for every storage.

    Inherit it in a class whose name begins with ``Test`` and write the hooks of `StorageUnderTest`; every law
    is then a test of your storage:

    .. code-block:: python

        from botkeep.testing import StorageContract

        class TestMyStorage(StorageContract):
            def create(self, *, default_ttl=None):
                return MyStorage(self.server, default_ttl=default_ttl, clock=self.clock)

            async def raw_read(self, namespace, identifier):
                return self.server.read(namespace, identifier)

            async def raw_write(self, namespace, identifier, value):
                self.server.write(namespace, identifier, value)

    Needs pytest and pytest-asyncio, in whichever of its modes.
    """
