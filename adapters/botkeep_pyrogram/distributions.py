"""Which of the projects is installed that all write the package ``pyrogram``."""

from __future__ import annotations

import warnings
from importlib.metadata import PackageNotFoundError, distribution
from typing import Final

_NAMES: Final = ("kurigram", "pyrogram", "pyrofork", "pyrotgfork", "electrogram")


def check_distributions(package: str) -> None:
    """Warn if several of them are installed: the files of the package are then a mixture.

    pip notices nothing: ``pip install 'botkeep[pyrogram]'`` puts kurigram over a pyrogram that is there.

    Args:
        package: what they all write.
    """
    installed = [name for name in _NAMES if _is_installed(name)]
    if len(installed) > 1:
        names = " ".join(installed)
        warnings.warn(
            f"{' and '.join(installed)} are installed, and each has written its files into the package "
            f"{package!r}. Choose one: pip uninstall -y {names} && pip install {installed[0]}",
            RuntimeWarning,
            stacklevel=3,
        )


def _is_installed(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True
