"""Rate limits as an aiogram middleware."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from aiogram import BaseMiddleware
from aiogram.dispatcher.flags import get_flag
from aiogram.types import TelegramObject
from typing_extensions import Unpack, override

from botkeep import BaseStorage, Rate, RateLimiter, Scope, Verdict
from botkeep.ratelimit import LimiterSettings
from botkeep.ratelimit.rates import Rates, read_rates
from botkeep.subjects import check_scope
from botkeep_aiogram.subjects import subject_of

Handler: TypeAlias = "Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]"
OnLimited: TypeAlias = "Callable[[Any, Verdict], Awaitable[object]]"


class RateLimitMiddleware(BaseMiddleware):
    """Lets only so many events of each user reach the handlers.

    As an outer middleware (``router.message.outer_middleware(...)``) it counts every event; as an inner one
    (``router.message.middleware(...)``) those that a handler takes, and a handler can have a rate of its own:
    ``@router.message(flags={"rate": "2/minute"})``, counted apart from others.

    Args:
        storage: where hits are counted.
        rate: ``"5/minute"``, ``"10 per 30s"``, or several in a list; None: only handlers with the flag are
            limited.
        scope: what is counted: each user, each chat, or all events of the bot. An event without a user (or
            chat) is not limited.
        block: an event too many reaches no handler. False: it does. A handler finds the verdict as its
            argument ``rate_limit``.
        on_limited: called with the event and the verdict when one is blocked.
        settings: for `RateLimiter`: ``strategy``, ``on_unavailable``.

    Raises:
        ValueError: not a rate, or an unknown scope, strategy or policy.
    """

    def __init__(
        self,
        storage: BaseStorage,
        rate: Rates | None = None,
        *,
        scope: Scope = "user",
        block: bool = True,
        on_limited: OnLimited | None = None,
        **settings: Unpack[LimiterSettings],
    ) -> None:
        check_scope(scope)
        if rate is None:
            RateLimiter(storage, "1/second", **settings)
        self._storage = storage
        self._settings = settings
        self._limiter = None if rate is None else RateLimiter(storage, rate, **settings)
        self._flagged: dict[tuple[Rate, ...], RateLimiter] = {}
        self._scope = scope
        self._block = block
        self._on_limited = on_limited

    @override
    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        limiter, group = self._limiter_for(data)
        key = subject_of(event, data).rate_key(self._scope, group)
        if limiter is None or key is None:
            return await handler(event, data)
        verdict = await limiter.hit(key)
        if verdict or not self._block:
            return await handler(event, {**data, "rate_limit": verdict})
        return None if self._on_limited is None else await self._on_limited(event, verdict)

    def _limiter_for(self, data: dict[str, Any]) -> tuple[RateLimiter | None, str]:
        """The limiter, and what to count apart: a handler with the flag has its own count."""
        rate = get_flag(data, "rate")
        if rate is None:
            return self._limiter, ""
        rates = read_rates(rate)
        if rates not in self._flagged:
            self._flagged[rates] = RateLimiter(self._storage, rates, **self._settings)
        return self._flagged[rates], _name_of(data["handler"].callback)


def _name_of(callback: Any) -> str:
    """A name that is the same in each process; that of its function, or class, if it has none of its own."""
    while isinstance(callback, functools.partial):
        callback = callback.func
    named = callback if hasattr(callback, "__qualname__") else type(callback)
    return f"{named.__module__}.{named.__qualname__}"
