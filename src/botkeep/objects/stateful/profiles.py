"""One state file per profile, in a folder that no profile name leaves."""

from __future__ import annotations

import os
from pathlib import Path

from botkeep._files.names import check_name
from botkeep._files.paths import expanded


def profile_path(folder: str | os.PathLike[str], name: str) -> Path:
    """Return ``<folder>/<name>.json``, for a name that may come from anybody.

    Args:
        folder: where the profiles are; "~" is the user's home.
        name: letters and digits of any script, "_", and inside also " .@+-"; at most 100 characters.

    Raises:
        IdentifierError: the name is another one, such as ``../admin`` or ``a/b``.
    """
    check_name(name)
    return expanded(folder, "folder") / f"{name}.json"
