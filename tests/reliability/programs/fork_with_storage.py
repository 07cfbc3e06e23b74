"""Uses a storage, forks, and uses it in the child.

Usage: fork_with_storage.py FILE KIND.

The child prints the name of the error that it got, the parent what it can still read.
"""

from __future__ import annotations

import asyncio
import os
import sys
import warnings

import botkeep

warnings.simplefilter("ignore", DeprecationWarning)  # of Python 3.12: forking with threads is what is tested


async def use(storage: botkeep.BaseStorage) -> str:
    try:
        await asyncio.wait_for(storage.set_state("child", 1), 5)
    except Exception as exc:  # noqa: BLE001 # whatever it is, its name is printed
        return type(exc).__name__
    return "stored"


async def main(storage: botkeep.BaseStorage) -> None:
    await storage.set_state("parent", 1)
    child = os.fork()
    if child == 0:
        asyncio.events._set_running_loop(None)
        os.write(1, f"{asyncio.new_event_loop().run_until_complete(use(storage))}\n".encode())
        os._exit(0)
    os.waitpid(child, 0)  # noqa: ASYNC222 # nothing else is to run meanwhile
    await storage.set_state("after", 1)
    os.write(1, f"{await storage.list_keys()}\n".encode())
    await storage.stop()


path, kind = sys.argv[1:]
asyncio.run(main(getattr(botkeep, kind)(path)))
