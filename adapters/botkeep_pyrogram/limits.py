"""Rate limits: a middleware for all handlers, and a decorator for one."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import Any, Literal, TypeAlias

from pyrogram import StopPropagation

from botkeep import BaseStorage, Rate, RateLimiter, Verdict
from botkeep_pyrogram.keys import chat_of, user_of
from botkeep_pyrogram.middlewares import CallNext

Scope: TypeAlias = Literal["user", "chat", "global"]
OnLimited: TypeAlias = "Callable[[Any, Any, Verdict], Awaitable[object]]"


class RateLimitMiddleware:
    """``client.middleware(RateLimitMiddleware(5, 60))``: five updates of each user in a minute.

    An update counts once, however many handlers take it. The verdict is ``update.rate_limit``.

    Args:
        rate: how many.
        period: in how many seconds.
        scope: what is counted: each user, each chat, or all updates. An update without a user (or chat) is
            not limited.
        block: an update too many reaches no handler. False: it does.
        on_limited: ``async def on_limited(client, update, verdict)``, called when one is blocked.
        key_func: says what an update counts as, in place of the scope; None: it is not limited.
        settings: for `botkeep.RateLimiter`: ``strategy``, ``on_unavailable``.
    """

    def __init__(
        self,
        rate: int,
        period: float,
        *,
        scope: Scope = "user",
        block: bool = True,
        on_limited: OnLimited | None = None,
        key_func: Callable[[Any], int | str | None] | None = None,
        **settings: Any,
    ) -> None:
        self._rate = Rate(rate, period)
        self._settings = settings
        self._scope = scope
        self._block = block
        self._on_limited = on_limited
        self._key_func = key_func
        self._limiter: RateLimiter | None = None
        if scope not in ("user", "chat", "global"):
            raise ValueError(f'scope must be "user", "chat" or "global", not {scope!r}')

    async def __call__(self, call_next: CallNext, client: Any, update: Any) -> Any:
        if await self._too_many(client, update):
            raise StopPropagation
        return await call_next(client, update)

    async def _too_many(self, client: Any, update: Any) -> bool:
        seen = vars(update).setdefault("_rate_limits", {})
        if self in seen:
            return not seen[self] and self._block
        key = self._key(update)
        if key is None:
            return False
        verdict = seen[self] = update.rate_limit = await self._for(client.botkeep).hit(
            f"{client.me.id}/{key}"
        )
        if verdict or not self._block:
            return False
        if self._on_limited is not None:
            await self._on_limited(client, update, verdict)
        return True

    def _key(self, update: Any) -> str | None:
        if self._key_func is not None:
            key = self._key_func(update)
            return None if key is None else f"key/{key}"
        if self._scope == "global":
            return "global"
        who = user_of(update) if self._scope == "user" else chat_of(update)
        return None if who is None else f"{self._scope}/{who}"

    def _for(self, storage: BaseStorage) -> RateLimiter:
        if self._limiter is None:
            self._limiter = RateLimiter(storage, self._rate, **self._settings)
        return self._limiter


def rate_limit(rate: int, period: float, **settings: Any) -> Callable[[Any], Any]:
    """Decorate one handler, ``async def handler(client, update)``: its updates are counted apart.

    Args:
        rate: how many.
        period: in how many seconds.
        settings: as for `RateLimitMiddleware`.
    """

    def decorate(handler: Any) -> Any:
        name = f"{handler.__module__}.{handler.__qualname__}"
        limit = _OfOneHandler(name, rate, period, **settings)

        @functools.wraps(handler)
        async def limited(client: Any, update: Any) -> Any:
            return await limit(handler, client, update)

        return limited

    return decorate


class _OfOneHandler(RateLimitMiddleware):
    def __init__(self, name: str, rate: int, period: float, **settings: Any) -> None:
        super().__init__(rate, period, **settings)
        self._name = name

    def _key(self, update: Any) -> str | None:
        key = super()._key(update)
        return None if key is None else f"{self._name}/{key}"
