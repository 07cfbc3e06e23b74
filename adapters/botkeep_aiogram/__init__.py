"""Botkeep for aiogram 3."""

from __future__ import annotations

try:
    import aiogram  # noqa: F401 # as below
    import typing_extensions  # noqa: F401 # the modules below need it
except ModuleNotFoundError as exc:
    raise ModuleNotFoundError(
        f"botkeep_aiogram needs the package {exc.name}: pip install 'botkeep[aiogram]'", name=exc.name
    ) from exc

from botkeep.cancellation import HandlerCancelledError
from botkeep_aiogram.handling import UserScopeMiddleware
from botkeep_aiogram.isolation import BotkeepEventIsolation
from botkeep_aiogram.limits import RateLimitMiddleware
from botkeep_aiogram.setup import setup_botkeep
from botkeep_aiogram.storage import BotkeepStorage

__all__ = [
    "BotkeepEventIsolation",
    "BotkeepStorage",
    "HandlerCancelledError",
    "RateLimitMiddleware",
    "UserScopeMiddleware",
    "setup_botkeep",
]
