"""The interface between what python-telegram-bot keeps and the documents of a storage."""

from __future__ import annotations

from typing import Any, Protocol

import telegram

from botkeep import CorruptDocumentError
from botkeep_ptb.pickled_values import PickledValues
from botkeep_ptb.plain_values import PlainValues

__all__ = ["PickledValues", "PlainValues", "Values", "unpack"]


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


def unpack(values: Values, identifier: str, document: Any, bot: telegram.Bot) -> Any:
    """Return the value of a record.

    Raises:
        CorruptDocumentError: there is none: it was damaged, say, or edited by hand.
    """
    try:
        return values.unpack(document, bot)
    except Exception as exc:
        # Such a document, or a pickle of a class that is gone, may fail its reader in any way.
        reason = f"{type(exc).__name__}: {exc}; it was left as it is"
        raise CorruptDocumentError(identifier, reason) from exc
