"""The adapter where its framework is missing, too old, or another library of the same name."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import botkeep
import botkeep_discord

ROOTS = [str(Path(module.__file__ or "").parents[1]) for module in (botkeep, botkeep_discord)]

HIDE = """
import importlib.abc, sys

class Hidden(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name == {name!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Hidden())
"""

ANOTHER = """
import sys, types

discord = sys.modules["discord"] = types.ModuleType("discord")
discord.__title__, discord.__version__, discord.version_info = {title!r}, {version!r}, {info!r}
"""


def error_of(code: str) -> str:
    """Return how importing the adapter ends in an interpreter of its own."""
    code = f"import sys; sys.path[:0] = {ROOTS!r}\n{code}\nimport botkeep_discord"
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=False).stderr  # noqa: S603 # our own


@pytest.mark.parametrize("name", ["discord", "typing_extensions"])
def test_what_is_not_installed_is_named_with_the_way_to_install_it(name: str) -> None:
    last = error_of(HIDE.format(name=name)).splitlines()[-1]

    assert last == (
        f"ModuleNotFoundError: botkeep_discord needs discord.py, and {name} is not installed: "
        "pip install 'botkeep[discord]'"
    )


@pytest.mark.parametrize(
    ("title", "version", "info"), [("discord", "2.3.2", (2, 3, 2)), ("pycord", "2.6.1", (2, 6, 1))]
)
def test_an_older_or_another_library_is_named_as_well(
    title: str, version: str, info: tuple[int, ...]
) -> None:
    last = error_of(ANOTHER.format(title=title, version=version, info=info)).splitlines()[-1]

    assert last.startswith("ImportError: botkeep_discord needs discord.py 2.4 or newer")
    assert f"`discord` is {title} {version}" in last
