"""Rate limits: a middleware for all handlers, and a decorator for one."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeAlias, overload

from pyrogram import StopPropagation

from botkeep import BaseStorage, MemoryStorage, Rate, RateLimiter, Verdict
from botkeep.ratelimit.limiter import LimiterSettings
from botkeep.subjects import Scope, check_scope
from botkeep_pyrogram.middlewares import CallNext, run_callback
from botkeep_pyrogram.queues import current_delivery
from botkeep_pyrogram.subjects import subject_of

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from botkeep.ratelimit.rates import Rates

OnLimited: TypeAlias = "Callable[[Any, Any, Verdict], Awaitable[object]]"
KeyFunction: TypeAlias = "Callable[[Any], int | str | None]"


class LimitSettings(LimiterSettings, total=False):
    """Keywords of `RateLimitMiddleware` and `rate_limit`, beside those of `botkeep.RateLimiter`.

    Attributes:
        scope: what is counted: each "user", each "chat", or all updates of the bot ("global"). An update
            without a user (or chat) is not limited. "user" when absent.
        block: an update too many reaches no handler; False: it does. True when absent.
        on_limited: ``async def on_limited(client, update, verdict)``, called when one is blocked.
        key_func: says what an update counts as, in place of the scope; None: it is not limited.
    """

    scope: Scope
    block: bool
    on_limited: OnLimited | None
    key_func: KeyFunction | None


class RateLimitMiddleware:
    """``client.middleware(RateLimitMiddleware("5/minute"))``: five updates of each user in a minute.

    An update counts once, however many handlers take it. The verdict is ``update.rate_limit``, where the
    update can have attributes.

    Args:
        given: a rate, or several (`botkeep.ratelimit.rates.Rates`); or how many in how many seconds:
            ``(5, 60)``. Before them, the storage to count in: without one, it is the client's.
        settings: `LimitSettings`.

    Raises:
        ValueError: no rate, or an unknown scope, strategy or policy.
        TypeError: something else was given.
    """

    @overload
    def __init__(self, rate: Rates, /, **settings: Unpack[LimitSettings]) -> None: ...
    @overload
    def __init__(self, limit: int, period: float, /, **settings: Unpack[LimitSettings]) -> None: ...
    @overload
    def __init__(self, storage: BaseStorage, rate: Rates, /, **settings: Unpack[LimitSettings]) -> None: ...

    def __init__(self, *given: Any, **settings: Unpack[LimitSettings]) -> None:
        self._limit = _Limit(given, settings)

    async def __call__(self, call_next: CallNext, client: Any, update: Any) -> Any:
        return await self._limit.call("", call_next, client, update)


@overload
def rate_limit(rate: Rates, /, **settings: Unpack[LimitSettings]) -> Callable[[Any], Any]: ...
@overload
def rate_limit(limit: int, period: float, /, **settings: Unpack[LimitSettings]) -> Callable[[Any], Any]: ...
@overload
def rate_limit(
    storage: BaseStorage, rate: Rates, /, **settings: Unpack[LimitSettings]
) -> Callable[[Any], Any]: ...


def rate_limit(*given: Any, **settings: Unpack[LimitSettings]) -> Callable[[Any], Any]:
    """Decorate one handler, ``async def handler(client, update)``: its updates are counted apart.

    Raw updates bring users and chats along; a handler may be a plain function, as in pyrogram.

    Args:
        given: as for `RateLimitMiddleware`.
        settings: likewise.
    """
    limit = _Limit(given, settings)

    def decorate(handler: Any) -> Any:
        group = f"{handler.__module__}.{handler.__qualname__}"

        @functools.wraps(handler)
        async def limited(client: Any, update: Any, *more: Any) -> Any:
            async def handle(client: Any, update: Any) -> Any:
                return await run_callback(handler, client, update, *more)

            return await limit.call(group, handle, client, update)

        return limited

    return decorate


class _Limit:
    """A limit, and what is done with an update too many."""

    def __init__(self, given: tuple[Any, ...], settings: LimitSettings) -> None:
        limiter: Any = {**settings}
        self._scope: Scope = limiter.pop("scope", "user")
        self._block: bool = limiter.pop("block", True)
        self._on_limited: OnLimited | None = limiter.pop("on_limited", None)
        self._key_func: KeyFunction | None = limiter.pop("key_func", None)
        self._storage, self._rates = _storage_and_rates(given)
        self._settings: LimiterSettings = limiter
        self._limiters: dict[BaseStorage, RateLimiter] = {}
        check_scope(self._scope)
        # What is wrong with the rates or the settings is said here, and not at the first update.
        RateLimiter(MemoryStorage(), self._rates, **self._settings)

    async def call(self, group: str, call_next: CallNext, client: Any, update: Any) -> Any:
        """Call what follows, unless it is an update too many; ``group`` keeps counts apart."""
        if not await self._allows(group, client, update):
            raise StopPropagation
        return await call_next(client, update)

    async def _allows(self, group: str, client: Any, update: Any) -> bool:
        delivery = current_delivery()
        results = {} if delivery is None else delivery.results
        if (self, group) in results:
            return bool(results[self, group]) or not self._block
        key = self._key(group, client, update)
        if key is None:
            return True
        verdict = results[self, group] = await self._limiter_of(client).hit(key)
        with contextlib.suppress(AttributeError):  # raw updates, and lists of messages, have fixed attributes
            update.rate_limit = verdict
        if verdict or not self._block:
            return True
        if self._on_limited is not None:
            await self._on_limited(client, update, verdict)
        return False

    def _key(self, group: str, client: Any, update: Any) -> str | None:
        subject = subject_of(client, update)
        if self._key_func is None:
            return subject.rate_key(self._scope, group)
        key = self._key_func(update)
        start = f"{subject.bot_id}/{group}/key" if group else f"{subject.bot_id}/key"
        return None if key is None else f"{start}/{key}"

    def _limiter_of(self, client: Any) -> RateLimiter:
        storage = self._storage or client.botkeep
        if storage not in self._limiters:
            self._limiters[storage] = RateLimiter(storage, self._rates, **self._settings)
        return self._limiters[storage]


def _storage_and_rates(given: tuple[Any, ...]) -> tuple[BaseStorage | None, Any]:
    storage = None
    if given and isinstance(given[0], BaseStorage):
        storage, *given = given  # type: ignore[assignment] # a list, then
    if len(given) == 2 and isinstance(given[0], int):
        return storage, Rate(*given)
    if len(given) == 1:
        return storage, given[0]
    raise TypeError(f'a limit is "5/minute", (5, 60) or (storage, "5/minute"), not {tuple(given)!r}')
