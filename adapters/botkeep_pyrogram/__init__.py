"""Botkeep for kurigram and for pyrogram 2: the same code, whichever of the two is installed."""

from __future__ import annotations

try:
    import pyrogram
    import typing_extensions  # noqa: F401 # the modules below need it
except ModuleNotFoundError as exc:
    raise ModuleNotFoundError(
        f"botkeep_pyrogram needs the package {exc.name}: pip install 'botkeep[pyrogram]'", name=exc.name
    ) from exc

from typing import Any

from botkeep import BaseStorage
from botkeep_pyrogram.client import BotkeepMixin, Client
from botkeep_pyrogram.distributions import check_distributions
from botkeep_pyrogram.errors import HandlerCancelledError
from botkeep_pyrogram.filters import AnyStateFilter, NoStateFilter, StateFilter
from botkeep_pyrogram.limits import RateLimitMiddleware, rate_limit

__all__ = [
    "AnyStateFilter",
    "BotkeepMixin",
    "Client",
    "HandlerCancelledError",
    "NoStateFilter",
    "RateLimitMiddleware",
    "StateFilter",
    "for_kurigram_addons",
    "rate_limit",
]

check_distributions(pyrogram.__name__)


def for_kurigram_addons(storage: BaseStorage) -> Any:
    """Return what ``KurigramClient(storage=...)`` takes; it opens and closes the storage."""
    from botkeep_pyrogram.addons import KurigramAddonsStorage  # noqa: PLC0415 # few bots have that package

    return KurigramAddonsStorage(storage)
