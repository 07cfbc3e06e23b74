"""Where the documents of kurigram-addons go."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from botkeep.fsm.record import NAMESPACE
from botkeep.fsm.state_keys import KeyStrategy, state_key
from botkeep.importers._arrivals import Arrivals, refusal

_DIALOGUE: Final = re.compile(r"(?P<kind>chat|user):(?P<id>-?\d+)", re.ASCII)


def read_json(key: str, text: str) -> Any:
    """Return what kurigram-addons has written as JSON: a dict of name and data, or a history.

    Raises:
        MigrationError: it is none.
    """
    try:
        document = json.loads(text)
    except ValueError as exc:
        raise refusal(key, f"it is no JSON, as kurigram-addons writes it: {exc}") from exc
    if not isinstance(document, (dict, int)):
        raise refusal(key, "it is neither a state nor a counter of kurigram-addons")
    return document


async def take_in(
    arrivals: Arrivals, identifier: str, document: Any, seconds: float | None, bot_id: int | None
) -> None:
    """Take in one document.

    Args:
        arrivals: what was found so far.
        identifier: kurigram-addons' own.
        document: what is under it.
        seconds: it has left to live.
        bot_id: None: everything keeps its identifier, which is where `for_kurigram_addons` looks; else
            dialogues become records of this bot, where ``client.fsm`` with the strategy "chat" looks.
    """
    found = _DIALOGUE.fullmatch(identifier)
    if bot_id is None or found is None or not isinstance(document, dict):
        await arrivals.add(identifier, document, seconds=seconds)
        return
    record = {"name": document.get("name"), "data": document.get("data", {})}
    if not isinstance(record["name"], (str, type(None))) or not isinstance(record["data"], dict):
        raise refusal(identifier, 'it is no dialogue: {"name": ..., "data": {...}}')
    owner = int(found["id"])
    key = state_key(KeyStrategy.CHAT, bot_id=bot_id, chat_id=owner, user_id=owner)
    assert key is not None  # it has a chat
    await arrivals.add(
        identifier, record, namespaces=(NAMESPACE,), identifier=key.identifier, seconds=seconds
    )
