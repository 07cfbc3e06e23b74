"""The adapter where its framework is not installed."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize("missing", ["telebot", "typing_extensions"])
def test_a_missing_package_is_named_with_what_installs_it(missing: str) -> None:
    program = f"import sys; sys.modules[{missing!r}] = None; import botkeep_telebot"
    result = subprocess.run(  # noqa: S603 # this Python
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )

    assert result.returncode == 1
    assert f"botkeep_telebot needs the package {missing}: pip install 'botkeep[telebot]'" in result.stderr
