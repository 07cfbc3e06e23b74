"""Rate limits as pyTelegramBotAPI middlewares."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Literal, TypeAlias

from telebot.asyncio_handler_backends import BaseMiddleware as AsyncMiddleware
from telebot.asyncio_handler_backends import CancelUpdate as AsyncCancelUpdate
from telebot.handler_backends import BaseMiddleware, CancelUpdate
from typing_extensions import override

from botkeep import BaseStorage, RateLimiter, Verdict
from botkeep_telebot.background import loop_of

Scope: TypeAlias = Literal["user", "chat", "global"]
UPDATES = ("message", "callback_query", "inline_query")


class RateLimitMiddleware(AsyncMiddleware):
    """Lets only so many updates of each user reach an ``AsyncTeleBot``'s handlers.

    Args:
        storage: where hits are counted.
        rate: ``"5/minute"``, ``"10 per 30s"``, or several.
        scope: what is counted: each user, each chat, or all updates. An update without a user (or chat) is
            not limited.
        block: an update too many reaches no handler. False: it does. A handler finds the verdict as its
            argument ``rate_limit``.
        on_limited: called with the update and the verdict when one is blocked.
        update_types: which updates are counted.
        settings: for `RateLimiter`: ``strategy``, ``on_unavailable``.
    """

    def __init__(
        self,
        storage: BaseStorage,
        rate: str,
        *,
        scope: Scope = "user",
        block: bool = True,
        on_limited: Callable[[Any, Verdict], Awaitable[object]] | None = None,
        update_types: Sequence[str] = UPDATES,
        **settings: Any,
    ) -> None:
        self.update_types = list(update_types)
        self._limiter = RateLimiter(storage, rate, **settings)
        self._scope = scope
        self._block = block
        self._on_limited = on_limited

    @override
    async def pre_process(self, message: Any, data: dict[str, Any]) -> AsyncCancelUpdate | None:
        key = key_of(message, self._scope)
        if key is None:
            return None
        verdict = data["rate_limit"] = await self._limiter.hit(key)
        if verdict or not self._block:
            return None
        if self._on_limited is not None:
            await self._on_limited(message, verdict)
        return AsyncCancelUpdate()

    @override
    async def post_process(self, message: Any, data: dict[str, Any], exception: Exception | None) -> None:
        """Nothing to do: what was counted is counted."""


class SyncRateLimitMiddleware(BaseMiddleware):
    """The same for a ``TeleBot``, which must be made with ``use_class_middlewares=True``.

    Args:
        storage: where hits are counted; the same object that the state storage was given.
        rate: as for `RateLimitMiddleware`, and so are the others; ``on_limited`` is a plain function.
    """

    def __init__(
        self,
        storage: BaseStorage,
        rate: str,
        *,
        scope: Scope = "user",
        block: bool = True,
        on_limited: Callable[[Any, Verdict], object] | None = None,
        update_types: Sequence[str] = UPDATES,
        **settings: Any,
    ) -> None:
        self.update_types = list(update_types)
        self._storage = storage
        self._limiter = RateLimiter(storage, rate, **settings)
        self._scope = scope
        self._block = block
        self._on_limited = on_limited

    @override
    def pre_process(self, message: Any, data: dict[str, Any]) -> CancelUpdate | None:
        key = key_of(message, self._scope)
        if key is None:
            return None
        verdict = data["rate_limit"] = loop_of(self._storage).run(self._limiter.hit(key))
        if verdict or not self._block:
            return None
        if self._on_limited is not None:
            self._on_limited(message, verdict)
        return CancelUpdate()

    @override
    def post_process(self, message: Any, data: dict[str, Any], exception: Exception | None) -> None:
        """Nothing to do: what was counted is counted."""


def key_of(update: Any, scope: Scope) -> str | None:
    """Return what to count an update as; None: it has no such user or chat."""
    if scope == "global":
        return "global"
    if scope == "user":
        whose = getattr(update, "from_user", None)
    else:
        # A press on a button happens in the chat of the message under which the button is.
        whose = getattr(update, "chat", None) or getattr(getattr(update, "message", None), "chat", None)
    return None if whose is None else f"{scope}/{whose.id}"
