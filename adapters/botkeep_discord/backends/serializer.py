"""`StateSerializer`: states as JSON text, and back."""

from __future__ import annotations

from typing import Any

from botkeep import DocumentError, documents


class StateSerializer:
    """Both ways: datetime, set and the other types of a document come back as what they were."""

    @staticmethod
    def serialize(state: Any) -> str:
        """Return the state as JSON.

        Raises:
            TypeError: something in it cannot be stored; the error names the path to it.
        """
        try:
            return documents.encode(state).decode()
        except DocumentError as exc:
            raise TypeError(str(exc)) from exc

    @staticmethod
    def deserialize(text: str | bytes) -> Any:
        """Return the state that `serialize` wrote; plain JSON of any origin does too.

        Raises:
            CorruptDocumentError: this is not JSON.
        """
        return documents.decode(text.encode() if isinstance(text, str) else text)
