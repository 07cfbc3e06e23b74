"""Run a bot's program, in this process, against a server of the tests: ``launch.py PORT PROGRAM``."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

if __name__ == "__main__":
    # The program must find the tests' helpers as the tests do.
    sys.path.insert(0, str(Path(__file__).parents[3]))

    from tests.adapters.discord.server import redirect

    redirect(int(sys.argv[1]))
    runpy.run_path(sys.argv[2], run_name="__main__")
