"""Bots in processes of their own, which can be killed."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path


@asynccontextmanager
async def running_bot(program: Path, api_url: str, **environment: str) -> AsyncIterator[Process]:
    """Run a bot against a local Bot API server; on leaving it is killed, if it is still alive.

    The program finds ``BOT_TOKEN`` (``42:TEST``) and ``BOT_API`` (the URL) in its environment.
    """
    settings = {
        **os.environ,
        "BOT_TOKEN": "42:TEST",
        "BOT_API": api_url,
        "PYTHONWARNINGS": "default",
        **environment,
    }
    process = await asyncio.create_subprocess_exec(sys.executable, str(program), env=settings)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
