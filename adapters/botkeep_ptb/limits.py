"""Rate limits as a handler in front of all others."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from telegram import Update
from telegram.ext import ApplicationHandlerStop, ContextTypes, TypeHandler
from typing_extensions import Unpack

from botkeep import BaseStorage, RateLimiter, Scope, Verdict
from botkeep.ratelimit import LimiterSettings
from botkeep.ratelimit.rates import Rates
from botkeep.subjects import check_scope
from botkeep_ptb.subjects import subject_of

OnLimited: TypeAlias = "Callable[[Update, Verdict], Awaitable[object]]"
Context: TypeAlias = ContextTypes.DEFAULT_TYPE


def rate_limit(
    storage: BaseStorage,
    rate: Rates,
    *,
    scope: Scope = "user",
    block: bool = True,
    on_limited: OnLimited | None = None,
    **settings: Unpack[LimiterSettings],
) -> TypeHandler[Update, Context, None]:
    """Return a handler for ``application.add_handler(rate_limit(...), group=-1)``.

    It stops what it cannot count, too: where the storage fails and ``on_unavailable`` is "raise", the error
    goes to the error handlers, and the update to no handler.

    Args:
        storage: where hits are counted.
        rate: ``"5/minute"``, ``"10 per 30s"``, or several in a list.
        scope: what is counted: each user, each chat, or all updates. An update without a user (or chat) is
            not limited. A user is who speaks: see `botkeep.speaker_id`.
        block: an update too many reaches no handler. False: it does, and finds ``context.rate_limit``.
        on_limited: called with the update and the verdict when one is blocked.
        settings: for `RateLimiter`: ``strategy``, ``on_unavailable``.

    Raises:
        ValueError: no rate, an unknown scope, or an unknown strategy or policy.
        TypeError: an unknown setting.
    """
    check_scope(scope)
    limiter = RateLimiter(storage, rate, **settings)

    async def check(update: Update, context: Context) -> None:
        key = subject_of(update, context.bot.id).rate_key(scope)
        if key is None:
            return
        verdict = await limiter.hit(key)
        setattr(context, "rate_limit", verdict)  # noqa: B010 # the context's type has no such attribute
        if verdict or not block:
            return
        if on_limited is not None:
            await on_limited(update, verdict)
        raise ApplicationHandlerStop

    async def stop_on_error(update: Update, context: Context) -> None:
        try:
            await check(update, context)
        except ApplicationHandlerStop:
            raise
        except Exception as exc:
            # python-telegram-bot would go on with the next group's handlers.
            await context.application.process_error(update, exc)
            raise ApplicationHandlerStop from exc

    # Whatever the bot's defaults say: a handler that is not waited for cannot stop others.
    return TypeHandler(Update, stop_on_error, block=True)
