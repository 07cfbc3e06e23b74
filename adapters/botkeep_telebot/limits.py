"""Rate limits as pyTelegramBotAPI middlewares."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from telebot import TeleBot
from telebot.async_telebot import AsyncTeleBot
from telebot.asyncio_handler_backends import BaseMiddleware as AsyncMiddleware
from telebot.asyncio_handler_backends import CancelUpdate as AsyncCancelUpdate
from telebot.handler_backends import BaseMiddleware, CancelUpdate
from typing_extensions import Unpack, override

from botkeep import BaseStorage, BotkeepError, RateLimiter, Scope, Verdict
from botkeep.ratelimit import LimiterSettings
from botkeep.subjects import check_scope
from botkeep_telebot.background import loop_of
from botkeep_telebot.handling import calling_bot, report, report_synchronously
from botkeep_telebot.subjects import subject_of

UPDATES = ("message", "callback_query", "inline_query")


class RateLimitMiddleware(AsyncMiddleware):
    """Lets only so many updates of each user reach an ``AsyncTeleBot``'s handlers.

    Args:
        storage: where hits are counted.
        rate: ``"5/minute"``, ``"10 per 30s"``, or several.
        scope: what is counted: each user, each chat, or all updates of the bot. An update without a user (or
            chat) is not limited.
        block: an update too many reaches no handler. False: it does. A handler finds the verdict as its
            argument ``rate_limit``.
        on_limited: called with the update and the verdict when one is blocked.
        update_types: which updates are counted.
        settings: for `RateLimiter`: ``strategy``, ``on_unavailable``. The error that "raise" asks for goes to
            the bot's exception handler, and the update reaches no handler.

    Raises:
        ValueError: not a rate, or an unknown scope, strategy or policy.
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
        **settings: Unpack[LimiterSettings],
    ) -> None:
        check_scope(scope)
        self.update_types = list(update_types)
        self._limiter = RateLimiter(storage, rate, **settings)
        self._scope = scope
        self._block = block
        self._on_limited = on_limited

    @override
    async def pre_process(self, message: Any, data: dict[str, Any]) -> AsyncCancelUpdate | None:
        bot = calling_bot()
        key = subject_of(message, bot.bot_id).rate_key(self._scope)
        if key is None:
            return None
        try:
            verdict = data["rate_limit"] = await self._limiter.hit(key)
        except BotkeepError as exc:
            assert isinstance(bot, AsyncTeleBot)  # this is a middleware of asynchronous bots
            await report(bot, exc)
            return AsyncCancelUpdate()
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
        scope: what is counted: each user, each chat, or all updates of the bot.
        block: an update too many reaches no handler. False: it does.
        on_limited: called with the update and the verdict when one is blocked.
        update_types: which updates are counted.
        settings: for `RateLimiter`.

    Raises:
        ValueError: as `RateLimitMiddleware`.
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
        **settings: Unpack[LimiterSettings],
    ) -> None:
        check_scope(scope)
        self.update_types = list(update_types)
        self._storage = storage
        self._limiter = RateLimiter(storage, rate, **settings)
        self._scope = scope
        self._block = block
        self._on_limited = on_limited

    @override
    def pre_process(self, message: Any, data: dict[str, Any]) -> CancelUpdate | None:
        bot = calling_bot()
        key = subject_of(message, bot.bot_id).rate_key(self._scope)
        if key is None:
            return None
        try:
            verdict = data["rate_limit"] = loop_of(self._storage).run(self._limiter.hit(key))
        except BotkeepError as exc:
            assert isinstance(bot, TeleBot)  # this is a middleware of synchronous bots
            report_synchronously(bot, exc)
            return CancelUpdate()
        if verdict or not self._block:
            return None
        if self._on_limited is not None:
            self._on_limited(message, verdict)
        return CancelUpdate()

    @override
    def post_process(self, message: Any, data: dict[str, Any], exception: Exception | None) -> None:
        """Nothing to do: what was counted is counted."""
