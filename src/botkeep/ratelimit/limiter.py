"""The limiter: how often something may happen, counted in a storage."""

from __future__ import annotations

import functools
import inspect
import logging
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Final, Literal, ParamSpec, TypeAlias, TypedDict, TypeVar, get_args

from botkeep.abc import BaseStorage
from botkeep.errors import (
    CorruptDocumentError,
    RateLimitedError,
    StorageFormatError,
    StorageUnavailableError,
)
from botkeep.keys import identifier_of
from botkeep.ratelimit.decisions import Hit, Limits, Peek
from botkeep.ratelimit.rates import MILLISECONDS, Rates, read_rates
from botkeep.ratelimit.strategies import STRATEGIES, Quota, StrategyName
from botkeep.ratelimit.verdict import Verdict, verdict_on

if TYPE_CHECKING:
    from botkeep.ratelimit.decisions import Decision

P = ParamSpec("P")
T = TypeVar("T")

Policy: TypeAlias = Literal["allow", "deny", "raise"]


class LimiterSettings(TypedDict, total=False):
    """The settings of a `RateLimiter` that adapters pass on: ``**settings: Unpack[LimiterSettings]``."""

    strategy: StrategyName
    on_unavailable: Policy


NAMESPACE: Final = "ratelimit"
"""Inside the storage that was given; in it, one namespace for each strategy and set of rates."""

DENIED_SECONDS: Final = 1.0
"""What a denial for want of a storage gives as ``retry_after``."""

# Not a storage that was stopped, or is used from two event loops: those are mistakes in the program.
_FAILURES: Final = (StorageUnavailableError, StorageFormatError, CorruptDocumentError)

_log = logging.getLogger("botkeep.ratelimit")


class RateLimiter:
    """A limit on how often each key may do something; exact, however many tasks and processes ask at once.

    A denied hit counts nothing: whoever goes on asking is not banned for longer. Records expire by
    themselves. Limiters with the same rates and strategy on one storage share their counts; a
    ``storage.namespace("photos")`` for each keeps them apart.

    Args:
        storage: where hits are counted. Its clock decides; with a server behind it, the server's.
        rates: ``"5/minute"``, ``"10 per 30s"``, ``Rate(5, 60.0)``, or several: then a hit needs room in
            all of them, and is counted in all or none.
        strategy: "fixed": windows that follow one another, each full minute, say; "sliding": a window that
            moves, from two counters; "gcra": no windows, room comes back one hit at a time.
        on_unavailable: what becomes of a hit that the storage could not count: "allow" it, "deny" it, or
            "raise" the storage's error. The first one is logged as a warning, and so is the recovery.

    Raises:
        ValueError: not a rate, an unknown strategy or policy.
        TypeError: this is no storage, or the rates are neither text nor `Rate`.
    """

    def __init__(
        self,
        storage: BaseStorage,
        rates: Rates,
        *,
        strategy: StrategyName = "fixed",
        on_unavailable: Policy = "allow",
    ) -> None:
        if not isinstance(storage, BaseStorage):
            raise TypeError(
                f"a limiter counts in a storage, such as SQLiteStorage('bot.db'), not {storage!r}"
            )
        if strategy not in STRATEGIES:
            raise ValueError(f'strategy must be "fixed", "sliding" or "gcra", not {strategy!r}')
        if on_unavailable not in get_args(Policy):
            raise ValueError(f'on_unavailable must be "allow", "deny" or "raise", not {on_unavailable!r}')
        self._rates = read_rates(rates)
        self._most = min(rate.limit for rate in self._rates)
        self._limits = Limits(
            strategy, tuple(Quota(rate.limit, round(rate.period * MILLISECONDS)) for rate in self._rates)
        )
        name = f"{strategy}-{'+'.join(str(rate).replace(' ', '-') for rate in self._rates)}"
        self._records = storage.namespace(NAMESPACE).namespace(name)
        self._policy = on_unavailable
        self._failing = False

    def __repr__(self) -> str:
        return f"RateLimiter({', '.join(map(str, self._rates))}; {self._limits.strategy})"

    async def hit(self, key: int | str, cost: int = 1) -> Verdict:
        """Count a hit, if there is room for it.

        Args:
            key: who or what is limited; a user's id, say. 1 and "1" are the same key.
            cost: how many hits this one counts as.

        Raises:
            IdentifierError: the key is not fit for an identifier.
            ValueError: the cost is not between 1 and the limit: such a hit could never be allowed.
            StorageError: the storage failed and ``on_unavailable`` is "raise"; or it was stopped.
        """
        identifier = identifier_of(key)
        self._check_cost(cost)
        try:
            decision = await self._records.apply(identifier, Hit(identifier, self._limits, cost))
        except _FAILURES as exc:
            return self._without_storage(exc)
        return self._verdict(decision, cost)

    async def peek(self, key: int | str, cost: int = 1) -> Verdict:
        """Return what `hit` would return, and count nothing; ``remaining`` is what is left before the hit."""
        identifier = identifier_of(key)
        self._check_cost(cost)
        try:
            decision = await self._records.apply(identifier, Peek(identifier, self._limits, cost))
        except _FAILURES as exc:
            return self._without_storage(exc)
        return self._verdict(decision, cost)

    async def reset(self, key: int | str) -> bool:
        """Forget a key's hits; True if there were any.

        Raises:
            StorageError: the storage failed, whatever ``on_unavailable`` says.
        """
        return await self._records.delete_state(identifier_of(key))

    def limited(
        self, key: int | str | Callable[..., int | str] | None = None, *, cost: int = 1
    ) -> Callable[[Callable[P, Coroutine[Any, Any, T]]], Callable[P, Coroutine[Any, Any, T]]]:
        """Decorate an async function: each call is a hit, and one too many raises instead of running it.

        Args:
            key: what to count; or a function of the call's arguments that says so. None: the function's name,
                one count for all its callers.
            cost: how many hits a call counts as.

        Raises:
            RateLimitedError: at a call: it was one too many.
            TypeError: at once: the function is not async.
        """

        def decorate(function: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
            if not inspect.iscoroutinefunction(function):
                raise TypeError(f"only an `async def` function can be limited, not {function!r}")
            name = f"{function.__module__}.{function.__qualname__}"

            @functools.wraps(function)
            async def limited(*args: P.args, **kwargs: P.kwargs) -> T:
                called = key(*args, **kwargs) if callable(key) else key
                who = name if called is None else called
                verdict = await self.hit(who, cost)
                if not verdict:
                    raise RateLimitedError(str(who), verdict)
                return await function(*args, **kwargs)

            return limited

        self._check_cost(cost)
        return decorate

    def _check_cost(self, cost: int) -> None:
        if isinstance(cost, bool) or not isinstance(cost, int):
            raise TypeError(f"cost must be an int, not {cost!r}")
        if not 1 <= cost <= self._most:
            raise ValueError(
                f"cost must be from 1 to {self._most}, the limit, not {cost!r}: {_why_not(cost)}"
            )

    def _verdict(self, decision: Decision, cost: int) -> Verdict:
        if self._failing:
            self._failing = False
            _log.warning("%r counts again", self)
        return verdict_on(decision, cost)

    def _without_storage(self, error: Exception) -> Verdict:
        if self._policy == "raise":
            raise error
        if not self._failing:
            self._failing = True
            _log.warning("%r cannot count; until it can, its policy is %r: %s", self, self._policy, error)
        allowed = self._policy == "allow"
        wait = 0.0 if allowed else DENIED_SECONDS
        return Verdict(
            allowed=allowed,
            limit=self._most,
            remaining=self._most if allowed else 0,
            retry_after=wait,
            reset_at=self._records.now() + wait,
            degraded=True,
        )


def _why_not(cost: int) -> str:
    return "peek looks without counting" if cost < 1 else "such a hit could never be allowed"
