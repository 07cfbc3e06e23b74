"""Bots in processes of their own, which can be killed."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.adapters.discord.server import DiscordServer

_LAUNCH = Path(__file__).with_name("launch.py")


@asynccontextmanager
async def launched(program: Path, server: DiscordServer, **environment: str) -> AsyncIterator[Process]:
    """Run a bot's program against the server until it is ready; on leaving, it is killed by SIGKILL."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(_LAUNCH),
        str(server.port),
        str(program),
        env={**os.environ, "BOT_TOKEN": "token", "PYTHONWARNINGS": "ignore", **environment},
    )
    try:
        await server.until(lambda: server.gateway.shards)
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
        await process.wait()
        await server.until(lambda: not server.gateway.shards)
