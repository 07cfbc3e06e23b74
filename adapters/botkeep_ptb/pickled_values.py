"""Values of any class, by pickle."""

from __future__ import annotations

import pickle
from io import BytesIO
from typing import Any, Final

import telegram
from typing_extensions import override

from botkeep import DocumentError
from botkeep_ptb.plain_values import PlainValues

_THE_BOT: Final = object()
"""Stands for the bot in what is pickled."""


class PickledValues:
    """Any Python object, by pickle. Whoever can write to the storage can then run code in the bot.

    The bot itself is left out of what is pickled, as python-telegram-bot's own persistence leaves it out.
    """

    def pack(self, value: Any) -> Any:
        """As in `Values`."""
        pickled = BytesIO()
        try:
            _Pickler(pickled, protocol=5).dump(value)
        except (pickle.PicklingError, AttributeError, TypeError, ValueError, RecursionError) as exc:
            raise DocumentError("", f"cannot be pickled: {exc}") from exc
        return pickled.getvalue()

    def unpack(self, document: Any, bot: telegram.Bot) -> Any:
        """As in `Values`; what `PlainValues` has written is read too."""
        if not isinstance(document, bytes):
            return PlainValues().unpack(document, bot)
        return _Unpickler(document, bot).load()


class _Pickler(pickle.Pickler):
    @override
    def persistent_id(self, value: Any) -> str | None:
        return "bot" if isinstance(value, telegram.Bot) or value is _THE_BOT else None

    @override
    def reducer_override(self, value: Any) -> Any:
        if not isinstance(value, telegram.TelegramObject):
            return NotImplemented
        # Its state comes without the bot; the reader puts its own in place of the third argument.
        return _restored, (type(value), value.__getstate__(), _THE_BOT)


class _Unpickler(pickle.Unpickler):
    def __init__(self, pickled: bytes, bot: telegram.Bot) -> None:
        super().__init__(BytesIO(pickled))
        self._bot = bot

    @override
    def persistent_load(self, identifier: str) -> telegram.Bot:  # there is only one
        return self._bot

    @override
    def find_class(self, module_name: str, global_name: str, /) -> Any:
        # Version 0.1 had this function in its module `values`.
        if global_name == _restored.__name__ and module_name.endswith("_ptb.values"):
            return _restored
        return super().find_class(module_name, global_name)


def _restored(
    kind: type[telegram.TelegramObject], state: dict[str, Any], bot: telegram.Bot
) -> telegram.TelegramObject:
    restored = kind.__new__(kind)
    restored.__setstate__(state)
    restored.set_bot(bot)
    return restored
