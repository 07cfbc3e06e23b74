from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from botkeep.telegram import chat_move, sender_chat_id

CHAT = SimpleNamespace(id=-7)


@pytest.mark.parametrize("name", ["sender_chat", "actor_chat", "voter_chat"])
def test_a_chat_speaks_where_a_message_a_reaction_or_an_answer_names_one(name: str) -> None:
    silent: dict[str, Any] = dict.fromkeys(["sender_chat", "actor_chat", "voter_chat"])

    assert sender_chat_id(SimpleNamespace(**{name: CHAT})) == -7
    assert sender_chat_id(SimpleNamespace(**{**silent, name: CHAT})) == -7
    assert sender_chat_id(SimpleNamespace(**silent)) is None


@pytest.mark.parametrize("event", [None, SimpleNamespace(), "text"])
def test_other_events_have_neither_a_speaking_chat_nor_a_move(event: Any) -> None:
    assert sender_chat_id(event) is None
    assert chat_move(event) is None


def test_both_messages_of_a_move_tell_of_the_same() -> None:
    leaving = SimpleNamespace(chat=CHAT, migrate_to_chat_id=-1001, migrate_from_chat_id=None)
    arriving = SimpleNamespace(
        chat=SimpleNamespace(id=-1001), migrate_to_chat_id=None, migrate_from_chat_id=-7
    )

    assert chat_move(leaving) == chat_move(arriving) == (-7, -1001)
