"""The one step of a rate limit: read the record, decide, write it.

All limits of a key are one record, so that several are counted all or none, and a Redis Cluster keeps them in
one place. The record is a document, a list of states in the order of the quotas: ``[[1790000040000, 3]]``.
`decide` is the step in Python, for engines that run Python inside their transaction. An engine that does not
runs the same step in its own language, from the same numbers, and makes its answer a `Decision` by
`decision_from_engine`; in Lua it is ``botkeep.storages.redis.limit_scripts``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from botkeep import documents
from botkeep._core.operations import Stored
from botkeep.errors import CorruptDocumentError
from botkeep.ratelimit.rates import MILLISECONDS
from botkeep.ratelimit.strategies import STRATEGIES, Meter, Quota, State, StrategyName


class Limits(NamedTuple):
    """What a limiter asks of the storage: plain values, fit for any engine.

    Attributes:
        strategy: its name.
        quotas: a hit needs room in all of them.
    """

    strategy: StrategyName
    quotas: tuple[Quota, ...]

    def meters(self, states: Sequence[State | None], now: float) -> list[Meter]:
        """Return what each quota has counted by ``now``, in seconds since the epoch."""
        strategy, moment = STRATEGIES[self.strategy], round(now * MILLISECONDS)
        return [strategy(quota, state, moment) for quota, state in zip(self.quotas, states, strict=True)]


class Decision(NamedTuple):
    """What became of a hit.

    Attributes:
        allowed: it fitted all limits, and was counted against each; else against none.
        now: seconds since the epoch on the clock that decided: a server's own, where there is a server.
        meters: one per quota; an allowed hit is in them.
        clock_ahead: seconds by which the caller's clock is ahead of the one that decided.
    """

    allowed: bool
    now: float
    meters: list[Meter]
    clock_ahead: float = 0.0

    @property
    def value(self) -> bytes:
        """The record to write."""
        return documents.encode([meter.state for meter in self.meters])

    @property
    def expires_at(self) -> float:
        """The moment, in seconds since the epoch, from which the record says no more than its absence."""
        return max(meter.expires_at for meter in self.meters) / MILLISECONDS


def decide(stored: bytes | None, limits: Limits, cost: int, now: float, identifier: str) -> Decision:
    """Count a hit against all limits, or against none if one of them has no room for it.

    Args:
        stored: the record; None when absent.
        limits: what holds.
        cost: how many hits it counts as.
        now: seconds since the epoch on the storage's clock.
        identifier: the key, for the error.

    Raises:
        CorruptDocumentError: the record is none of this strategy and number of limits.
    """
    decision = peek(stored, limits, cost, now, identifier)
    if decision.allowed:
        for meter in decision.meters:
            meter.count(cost)
    return decision


class Hit(NamedTuple):
    """The operation that `RateLimiter.hit` applies: count a hit, if it is allowed.

    Attributes:
        identifier: the key, for the error.
        limits: what holds.
        cost: how many hits it counts as.
    """

    identifier: str
    limits: Limits
    cost: int

    def __call__(self, entry: Stored | None, now: float, /) -> tuple[Stored | None, Decision]:
        decision = decide(
            None if entry is None else entry.value, self.limits, self.cost, now, self.identifier
        )
        # A record from the future is brought back also by a hit that is denied, or it would never be past.
        changed = decision.allowed or any(meter.stepped_back for meter in decision.meters)
        return Stored(decision.value, decision.expires_at) if changed else entry, decision


class Peek(NamedTuple):
    """The operation that `RateLimiter.peek` applies: decide as `Hit` would, and change nothing.

    Attributes:
        identifier: the key, for the error.
        limits: what holds.
        cost: how many hits it would count as.
    """

    identifier: str
    limits: Limits
    cost: int

    @property
    def changes_nothing(self) -> bool:
        """It only reads."""
        return True

    def __call__(self, entry: Stored | None, now: float, /) -> tuple[Stored | None, Decision]:
        return entry, self.decision(None if entry is None else entry.value, now, now)

    def decision(self, stored: bytes | None, now: float, caller_now: float) -> Decision:
        """Return what a hit would come to.

        Args:
            stored: the record; None when absent.
            now: seconds since the epoch on the clock that decides.
            caller_now: the same moment on the caller's clock.
        """
        decision = peek(stored, self.limits, self.cost, now, self.identifier)
        return decision._replace(clock_ahead=caller_now - now)


def peek(stored: bytes | None, limits: Limits, cost: int, now: float, identifier: str) -> Decision:
    """Return what `decide` would decide, and count nothing."""
    meters = limits.meters(_states(stored, limits, identifier), now)
    return Decision(all(meter.fits(cost) for meter in meters), now, meters)


def decision_from_engine(
    record: bytes, hit: Hit, now: float, caller_now: float, *, allowed: bool
) -> Decision:
    """Return the decision that an engine took in its own language.

    Args:
        record: what the engine wrote; what stands there, brought to ``now`` or not, if the hit was denied.
        hit: what was asked of it.
        now: seconds since the epoch on the engine's clock, by which it decided.
        caller_now: the same moment on the caller's clock.
        allowed: the decision.

    Raises:
        CorruptDocumentError: the record is none of this strategy and number of limits.
    """
    meters = hit.limits.meters(_states(record, hit.limits, hit.identifier), now)
    return Decision(allowed, now, meters, caller_now - now)


def _states(stored: bytes | None, limits: Limits, identifier: str) -> Sequence[State | None]:
    if stored is None:
        return [None] * len(limits.quotas)
    states: Any = documents.decode(stored, identifier)
    shape = [[int] * len(STRATEGIES[limits.strategy].fresh)] * len(limits.quotas)
    if not isinstance(states, list) or [_shape(state) for state in states] != shape:
        raise CorruptDocumentError(identifier, f"{states!r} is no record of {limits}")
    checked: list[State] = states
    return checked


def _shape(state: object) -> list[type] | None:
    return [type(number) for number in state] if isinstance(state, list) else None
