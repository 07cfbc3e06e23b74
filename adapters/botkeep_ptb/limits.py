"""Rate limits as a handler in front of all others."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Literal, TypeAlias

from telegram import Update
from telegram.ext import ApplicationHandlerStop, ContextTypes, TypeHandler

from botkeep import BaseStorage, RateLimiter, Verdict

Scope: TypeAlias = Literal["user", "chat", "global"]
OnLimited: TypeAlias = "Callable[[Update, Verdict], Awaitable[object]]"
Context: TypeAlias = ContextTypes.DEFAULT_TYPE

GROUP = -1
"""The group to add the handler to: python-telegram-bot runs groups in the order of their numbers."""


def rate_limit(
    storage: BaseStorage,
    rate: str,
    *,
    scope: Scope = "user",
    block: bool = True,
    on_limited: OnLimited | None = None,
    **settings: Any,
) -> TypeHandler[Update, Context, None]:
    """Return a handler for ``application.add_handler(rate_limit(...), group=-1)``.

    Args:
        storage: where hits are counted.
        rate: ``"5/minute"``, ``"10 per 30s"``, or several in a list.
        scope: what is counted: each user, each chat, or all updates. An update without a user (or chat) is
            not limited.
        block: an update too many reaches no handler. False: it does, and finds ``context.rate_limit``.
        on_limited: called with the update and the verdict when one is blocked.
        settings: for `RateLimiter`: ``strategy``, ``on_unavailable``.
    """
    limiter = RateLimiter(storage, rate, **settings)

    async def check(update: Update, context: Context) -> None:
        key = _key(update, context, scope)
        if key is None:
            return
        verdict = await limiter.hit(key)
        setattr(context, "rate_limit", verdict)  # noqa: B010 # the context's type has no such attribute
        if verdict or not block:
            return
        if on_limited is not None:
            await on_limited(update, verdict)
        raise ApplicationHandlerStop

    return TypeHandler(Update, check)


def _key(update: Update, context: Context, scope: Scope) -> str | None:
    whose = {"user": update.effective_user, "chat": update.effective_chat}.get(scope)
    if scope == "global":
        return f"{context.bot.id}/global"
    return None if whose is None else f"{context.bot.id}/{scope}/{whose.id}"
