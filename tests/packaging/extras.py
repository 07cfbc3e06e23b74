"""Which tests need which extra, so that the suite can run where not all of them are installed.

``pytest --extras redis,aiogram`` collects the tests that need no extra and those that these two suffice for;
with ``--concerning redis`` too, only those of them that need ``redis``. Without the options nothing is left
out, and a missing package is an error.
"""

from __future__ import annotations

import os
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

import pytest

TESTS: Final = Path(__file__).parents[1]

BY_PATH: Final = {
    "*aiogram*": ("aiogram",),
    "*discord*": ("discord",),
    "*ptb*": ("ptb",),
    "*python_telegram_bot*": ("ptb",),
    "*pyrogram*": ("pyrogram",),
    "*redis*": ("redis",),
    "*rich*": ("rich",),
    "*telebot*": ("telebot",),
    # What only the development environment has: the libraries that Botkeep is compared with.
    "*kurigram_addons*": ("dev",),
    "*nicegui*": ("dev",),
    "benchmarks*": ("dev",),
    "migrate/importers*": ("dev",),
    "migrate/test_command_line.py": ("dev",),
    "migrate/test_interruption.py": ("dev",),
    "peers*": ("dev",),
    "test_links.py": ("dev",),
    # What the names do not tell.
    "adapters/aiogram/test_importing.py": ("redis",),
    "examples/test_write_your_own_storage.py": ("testing",),
    "migrate/test_engines.py": ("redis",),
    "storages/test_contract.py": ("testing",),
    "test_documents_table.py": ("redis",),
    "test_former_name.py": ("redis",),
}
"""Glob patterns of files and folders below ``tests``, and what the tests there need."""

POSIX: Final = "posix"
"""Counts as an extra: pseudo terminals, SIGKILL and SIGSTOP, file modes, limits of the size of files."""

BY_SYSTEM: Final = (
    "adapters/*/test_example.py",
    "adapters/discord/test_kills.py",
    "examples/test_pizza_terminal.py",
    "objects/test_stateful_file.py",
    "reliability/*",
    "storages/test_sqlite_backup.py",
    "storages/test_sqlite_failures.py",
)
"""Glob patterns of what needs `POSIX`."""

BY_FIXTURE: Final = {
    "empty_redis": ("redis",),
    "empty_redis_cluster": ("redis",),
    "redis_cluster": ("redis",),
    "redis_server": ("redis",),
    "sentinel_pair": ("redis",),
    "start_redis": ("redis",),
}

BY_PARAMETER: Final = {
    "redis": ("redis",),
    "RedisStorage": ("redis",),
    "EvictionWarning": ("redis",),
    "valkey": ("dev",),
}
"""What a test or fixture that is made for several storages, names or addresses calls them."""


def needed_by_path(path: Path) -> set[str]:
    """Return the extras that a file or folder of tests needs by its place and name."""
    if not path.is_relative_to(TESTS):
        return set()
    place = path.relative_to(TESTS).as_posix()
    needed = {extra for pattern, extras in BY_PATH.items() if fnmatchcase(place, pattern) for extra in extras}
    return needed | {POSIX for pattern in BY_SYSTEM if fnmatchcase(place, pattern)}


def needed_by_item(item: pytest.Item) -> set[str]:
    """Return the extras that one test needs."""
    fixtures = getattr(item, "fixturenames", ())
    parameters = getattr(getattr(item, "callspec", None), "params", {}).values()
    needed = needed_by_path(item.path)
    for name in fixtures:
        needed.update(BY_FIXTURE.get(name, ()))
    for value in parameters:
        needed.update(BY_PARAMETER.get(value.partition("://")[0], ()) if isinstance(value, str) else ())
    return needed


class ChosenExtras:
    """A plugin of pytest that leaves out the tests that need an extra which is not there.

    Args:
        available: the extras that are installed.
        concerning: the extra that the tests have to need; None for all tests.
    """

    def __init__(self, available: set[str], concerning: str | None) -> None:
        self._available = available | ({POSIX} if os.name == "posix" else set())
        self._concerning = concerning

    def pytest_report_header(self) -> str:
        """Say what is left out."""
        what = "all tests" if self._concerning is None else f"the tests of {self._concerning}"
        extras = ", ".join(sorted(self._available)) or "none"
        return f"extras: {extras}; {what} that need no other are collected"

    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        """Leave out whole files and folders: they could not even be imported."""
        return None if needed_by_path(collection_path) <= self._available else True

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Leave out single tests; pytest counts them as deselected."""
        chosen: list[pytest.Item] = []
        left_out: list[pytest.Item] = []
        for item in items:
            (chosen if self._is_chosen(needed_by_item(item)) else left_out).append(item)
        config.hook.pytest_deselected(items=left_out)
        items[:] = chosen

    def _is_chosen(self, needed: set[str]) -> bool:
        return needed <= self._available and (self._concerning is None or self._concerning in needed)
