"""Imports every installed module of Botkeep, in an environment with some of its extras and nothing else.

    python tests/packaging/import_everything.py redis aiogram

A module may fail only for want of an extra's package that is not there; the adapter of an extra that is there
may not fail at all.
"""

from __future__ import annotations

import importlib
import sys
import sysconfig
import warnings
from pathlib import Path
from typing import Final

PACKAGES: Final = {
    "aiogram": ("aiogram",),
    "discord": ("discord",),
    "ptb": ("telegram",),
    "pyrogram": ("pyrogram",),
    "redis": ("redis",),
    "rich": ("rich",),
    "telebot": ("telebot", "aiohttp"),
    "testing": ("pytest", "hypothesis"),
}
"""What the extras bring, as it is imported."""


PARTNERS: Final = frozenset({"kurigram_addons"})
"""Packages that no extra brings: a module of an adapter is for those who have them."""

SITE: Final = Path(sysconfig.get_path("purelib"))


def modules_of(package: str) -> list[str]:
    """Return the names of an installed package, if there is one, and of all in it but its commands."""
    files = (path.relative_to(SITE).with_suffix("") for path in sorted((SITE / package).rglob("*.py")))
    names = (".".join(path.parts).removesuffix(".__init__") for path in files)
    return [name for name in names if not name.endswith("__main__")]


def missing_package(module: str) -> str | None:
    """Import a module; return the package that it lacks, if it lacks one."""
    try:
        importlib.import_module(module)
    except ImportError as exc:
        cause = exc if isinstance(exc, ModuleNotFoundError) else exc.__cause__
        if not isinstance(cause, ModuleNotFoundError) or cause.name is None:
            raise
        return cause.name.partition(".")[0]
    return None


def main(extras: list[str]) -> int:
    """Import everything; return the number of modules that fail and should not."""
    absent = PARTNERS | {name for extra, names in PACKAGES.items() if extra not in extras for name in names}
    adapters = [f"botkeep_{extra}" for extra in extras if modules_of(f"botkeep_{extra}")]
    failures = imported = 0
    for module in (name for package in ("botkeep", *adapters) for name in modules_of(package)):
        missing = missing_package(module)
        if missing is None:
            imported += 1
        elif missing not in absent:
            print(f"{module} needs {missing!r}, which is not installed with extras: {extras or 'none'}")
            failures += 1
    print(f"{imported} modules of {SITE} imported, {failures} failed")
    return failures if imported else 1


if __name__ == "__main__":
    warnings.simplefilter("ignore", DeprecationWarning)  # of the frameworks
    sys.exit(main(sys.argv[1:]))
