"""Several bots of one process on one storage: each opens it as it starts, and the last that ends closes it.

For adapters. Who calls `BaseStorage.stop` closes it for all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from botkeep.abc import BaseStorage

__all__ = ["start_for", "stop_for"]


async def start_for(storage: BaseStorage, bot: object) -> bool:
    """Open the storage, also after it was stopped, and keep it open until `stop_for` with the same object.

    Returns:
        True: the bot counts from now on; False: it did before.

    Args:
        storage: or one of its namespaces.
        bot: the user of the storage; an object that is gone counts no more.

    Raises:
        StorageError: as `BaseStorage.start`; then the bot does not count.
    """
    await storage.start()
    is_new = bot not in storage.users
    storage.users.add(bot)
    return is_new


async def stop_for(storage: BaseStorage, bot: object) -> None:
    """Close the storage if no other bot uses it; with a bot that never started, too.

    Raises:
        StorageError: as `BaseStorage.stop`.
    """
    storage.users.discard(bot)
    if not storage.users:
        await storage.stop()
