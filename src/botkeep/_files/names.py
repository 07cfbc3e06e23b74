"""Names that become file names, from wherever they come."""

from __future__ import annotations

import re
from typing import Final

from botkeep.errors import IdentifierError

LONGEST: Final = 100

_NAME: Final = re.compile(r"\w[\w .@+-]*")
# learn.microsoft.com/windows/win32/fileio/naming-a-file: devices, with any extension behind them.
_DEVICES: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def check_name(name: str) -> None:
    """Raise IdentifierError unless the name is a file name on every system and stays in its folder.

    Letters and digits of any script, "_", and inside also " .@+-"; at most 100 characters.

    Raises:
        IdentifierError: it is something else.
    """
    if not isinstance(name, str):
        raise IdentifierError(name, f"must be a str, not {type(name).__name__}")
    if len(name) > LONGEST:
        raise IdentifierError(name, f"is {len(name)} characters long; {LONGEST} are allowed")
    if not _NAME.fullmatch(name) or name.endswith((".", " ")):
        raise IdentifierError(name, 'may hold letters, digits and "_", and between them " .@+-"')
    if _DEVICES.fullmatch(name):
        raise IdentifierError(name, "is the name of a device on Windows")
