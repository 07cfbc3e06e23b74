"""Without python-telegram-bot, or with another package of its name, one is told what to install."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

MISSING = "import sys; sys.modules['telegram'] = None; "
OTHER_PACKAGE = "import sys, types; sys.modules['telegram'] = types.ModuleType('telegram'); "
COMMAND = (
    "import botkeep.__main__ as m; "
    "sys.exit(m.main(['import', 'python-telegram-bot', 'bot.pickle', 'memory:', '--bot-id', '42']))"
)


@pytest.mark.parametrize("setting", [MISSING, OTHER_PACKAGE], ids=["missing", "another package"])
@pytest.mark.parametrize("use", ["import botkeep_ptb", COMMAND], ids=["import", "command"])
def test_what_is_to_be_installed_is_named(tmp_path: Path, setting: str, use: str) -> None:
    done = subprocess.run(  # noqa: S603 # our own code
        [sys.executable, "-c", setting + use], capture_output=True, text=True, cwd=tmp_path, check=False
    )

    assert done.returncode == 1
    assert "pip install 'botkeep[ptb]'" in done.stderr
