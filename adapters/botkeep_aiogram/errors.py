"""What goes wrong in handlers of aiogram, and nowhere else."""

from __future__ import annotations

from botkeep import BotkeepError


class HandlerCancelledError(BotkeepError):
    """A handler ended in ``asyncio.CancelledError``, though nobody stops the bot; the next update is handled.

    Attributes:
        update_id: of the update that it handled.
    """

    def __init__(self, update_id: int) -> None:
        super().__init__(update_id)
        self.update_id = update_id

    def __str__(self) -> str:
        return f"the handler of update {self.update_id} was cancelled, or awaited something that was"
