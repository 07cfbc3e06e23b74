"""What importing costs: a bot pays for what it uses, and no module needs another to be imported first."""

from __future__ import annotations

import json
import pkgutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import botkeep

EXTRAS = ("redis", "testing")
"""Words in the names of the modules that may load more than the required dependencies."""

MODULES = [module.name for module in pkgutil.walk_packages(botkeep.__path__, "botkeep.")]
CORE = [name for name in MODULES if not any(word in name for word in EXTRAS)]

BOT = """
import asyncio
from botkeep import SQLiteStorage

async def main():
    async with SQLiteStorage("bot.db") as storage:
        await storage.update("visits", lambda visits: visits + 1, default=0)

asyncio.run(main())
"""

IMPORT_EACH_FIRST = """
import importlib
for module in {modules}:
    for loaded in [name for name in sys.modules if name.partition(".")[0] == "botkeep"]:
        del sys.modules[loaded]
    importlib.import_module(module)
"""


def modules_after(code: str, folder: Path) -> set[str]:
    """Return the names of the modules that a fresh interpreter has after running the code."""
    code = f"import json, sys\n{code}\nprint(json.dumps(sorted(sys.modules)))"
    command = [sys.executable, "-W", "error", "-c", code]
    return set(json.loads(subprocess.check_output(command, cwd=folder, text=True)))  # noqa: S603 # our own code


def packages_loaded_by(code: str, folder: Path) -> set[str]:
    """Return the packages outside the standard library that running the code loads."""
    loaded = modules_after(code, folder) - modules_after("", folder)
    names = {name.partition(".")[0] for name in loaded} - sys.stdlib_module_names
    return {name for name in names if not name.startswith("_sysconfigdata")}  # zoneinfo asks for it


@pytest.mark.usefixtures("unmeasured")
def test_importing_botkeep_loads_no_other_package_and_nothing_slow(tmp_path: Path) -> None:
    assert packages_loaded_by("import botkeep", tmp_path) == {"botkeep"}
    assert not {"asyncio", "sqlite3"} & modules_after("import botkeep", tmp_path)


def test_a_bot_on_sqlite_loads_the_required_packages_alone(tmp_path: Path) -> None:
    # msgspec takes typing_extensions where it is installed.
    assert packages_loaded_by(BOT, tmp_path) - {"typing_extensions"} == {
        "botkeep",
        "aiosqlite",
        "msgspec",
        "orjson",
    }


def test_the_core_needs_no_framework_and_no_extra(tmp_path: Path) -> None:
    packages = packages_loaded_by(f"import {', '.join(CORE)}", tmp_path)

    # msgspec takes typing_extensions where it is installed.
    assert packages - {"typing_extensions"} == {"botkeep", "aiosqlite", "orjson", "msgspec"}


def test_each_module_can_be_imported_first(tmp_path: Path) -> None:
    assert "botkeep" in packages_loaded_by(IMPORT_EACH_FIRST.format(modules=CORE), tmp_path)


@pytest.mark.parametrize("name", botkeep.__all__)
def test_a_public_name_can_be_imported_from_botkeep(name: str) -> None:
    scope: dict[str, Any] = {}
    exec(f"from botkeep import {name}", scope)  # noqa: S102 # our own name

    assert name in scope
    assert name in dir(botkeep)


def test_a_name_that_is_not_public_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="Nonsense"):
        _ = botkeep.Nonsense
