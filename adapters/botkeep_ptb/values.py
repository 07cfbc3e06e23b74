"""The interface between what python-telegram-bot keeps and the documents of a storage."""

from __future__ import annotations

from typing import Any, Protocol

import telegram

from botkeep_ptb.pickled_values import PickledValues
from botkeep_ptb.plain_values import PlainValues

__all__ = ["PickledValues", "PlainValues", "Values"]


class Values(Protocol):
    """Turns what a bot keeps into a document and back: `PlainValues`, `PickledValues`, or one of your own."""

    def pack(self, value: Any) -> Any:
        """Return a document from which `unpack` makes an equal value of the same type.

        Raises:
            DocumentError: something in the value would come back as something else, or not at all; the error
                names the path to it.
        """
        ...

    def unpack(self, document: Any, bot: telegram.Bot) -> Any:
        """Return the value; Telegram objects in it belong to ``bot``."""
        ...
