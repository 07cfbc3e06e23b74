"""The keys of kurigram-addons' ``RedisStorage``: ``PREFIX:IDENTIFIER``, a JSON object or an integer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botkeep.importers._arrivals import Arrivals
from botkeep.importers._foreign_redis import strings
from botkeep.importers._kurigram_addons import read_json, take_in

if TYPE_CHECKING:
    from botkeep.abc import BaseStorage
    from botkeep.migrate import Migration, OnProgress


async def import_documents(
    source: str,
    target: BaseStorage,
    *,
    prefix: str = "fsm",
    bot_id: int | None = None,
    overwrite: bool = False,
    on_progress: OnProgress | None = None,
) -> Migration:
    """Import states and counters with the time they have left; see `botkeep.importers`.

    Args:
        source: the server's URL.
        target: where to.
        prefix: what was given to kurigram-addons' storage.
        bot_id: see `botkeep.importers.kurigram_addons_sqlite.import_documents`.
        overwrite: see `botkeep.importers`.
        on_progress: see `botkeep.migrate.migrate`.
    """
    start = f"{prefix}:"
    async with Arrivals() as arrivals:
        async for name, text, seconds in strings(source, start):
            await take_in(arrivals, name.removeprefix(start), read_json(name, text), seconds, bot_id)
        return await arrivals.deliver(target, overwrite=overwrite, on_progress=on_progress)
