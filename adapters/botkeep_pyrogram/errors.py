"""What goes wrong in handlers of pyrogram, and nowhere else."""

from __future__ import annotations

from botkeep import cancellation


class HandlerCancelledError(cancellation.HandlerCancelledError):
    """A handler ended in ``asyncio.CancelledError``; its update is over, and the next one is handled.

    Attributes:
        handler: the function's name.
    """

    def __init__(self, handler: str) -> None:
        super().__init__(handler)
        self.handler = handler

    def __str__(self) -> str:
        return f"the handler {self.handler} was cancelled"
