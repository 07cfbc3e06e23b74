"""The arithmetic of counters, for the engines that add in Python."""

from __future__ import annotations

from typing import Final

from botkeep import documents
from botkeep.errors import CounterOverflowError, NotACounterError

SMALLEST: Final = -(2**63)
LARGEST: Final = 2**63 - 1


def total(stored: bytes | None, amount: int, identifier: str) -> int:
    """Return the new total of a counter.

    Args:
        stored: the encoded document; None when there is none, which counts as 0.
        amount: what to add.
        identifier: the key, for the errors.

    Raises:
        NotACounterError: the document is not an integer.
        CounterOverflowError: the total does not fit into 64 bits, signed.
        CorruptDocumentError: the stored bytes are no document.
    """
    count = 0 if stored is None else documents.decode(stored, identifier)
    if type(count) is not int:
        raise NotACounterError(identifier)
    if not SMALLEST <= count + amount <= LARGEST:
        raise CounterOverflowError(identifier, amount)
    return count + amount
