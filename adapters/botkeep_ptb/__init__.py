"""Botkeep for python-telegram-bot 22."""

from __future__ import annotations

try:
    import telegram.ext  # noqa: F401 # so that what is missing is said before anything else fails
except ModuleNotFoundError as exc:
    raise ModuleNotFoundError(
        f"botkeep_ptb needs python-telegram-bot ({exc}): pip install 'botkeep[ptb]'", name=exc.name
    ) from exc

from botkeep_ptb.application import BotkeepApplication
from botkeep_ptb.dialogues import fsm_context
from botkeep_ptb.limits import rate_limit
from botkeep_ptb.persistence import BotkeepPersistence, SharedBotkeepPersistence
from botkeep_ptb.setup import setup_botkeep
from botkeep_ptb.subjects import subject_of
from botkeep_ptb.values import PickledValues, PlainValues, Values

__all__ = [
    "BotkeepApplication",
    "BotkeepPersistence",
    "PickledValues",
    "PlainValues",
    "SharedBotkeepPersistence",
    "Values",
    "fsm_context",
    "rate_limit",
    "setup_botkeep",
    "subject_of",
]
