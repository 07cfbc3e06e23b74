"""The executable spec of a storage: every law as tests, to be inherited."""

from __future__ import annotations

import pytest

from holdfast.testing.laws.aliasing import AliasingLaws
from holdfast.testing.laws.cancellation import CancellationLaws
from holdfast.testing.laws.concurrency import ConcurrencyLaws
from holdfast.testing.laws.corruption import CorruptionLaws
from holdfast.testing.laws.counter_expiry import CounterExpiryLaws
from holdfast.testing.laws.counters import CounterLaws
from holdfast.testing.laws.expiry import ExpiryLaws
from holdfast.testing.laws.identifiers import IdentifierLaws
from holdfast.testing.laws.leases import LeaseLaws
from holdfast.testing.laws.lifecycle import LifecycleLaws
from holdfast.testing.laws.limits import LimitLaws
from holdfast.testing.laws.locks import LockLaws
from holdfast.testing.laws.moving import MovingLaws
from holdfast.testing.laws.namespaces import NamespaceLaws
from holdfast.testing.laws.patterns import PatternLaws
from holdfast.testing.laws.swaps import SwapLaws
from holdfast.testing.laws.touch import TouchLaws
from holdfast.testing.laws.ttl import TtlLaws
from holdfast.testing.laws.updates import UpdateLaws
from holdfast.testing.laws.values import ValueLaws


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

        from holdfast.testing import StorageContract

        class TestMyStorage(StorageContract):
            def create(self, *, default_ttl=None):
                return MyStorage(self.server, default_ttl=default_ttl, clock=self.clock)

            async def raw_read(self, namespace, identifier):
                return self.server.read(namespace, identifier)

            async def raw_write(self, namespace, identifier, value):
                self.server.write(namespace, identifier, value)

    Needs pytest and pytest-asyncio, in whichever of its modes.
    """
