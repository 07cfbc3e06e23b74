"""Who an update is about."""

from __future__ import annotations

from typing import Any

import pytest

from botkeep import StateKey, Subject, speaker_id

ANONYMOUS_ADMIN = 1087968824
GROUP = -100


def test_where_a_chat_speaks_it_is_the_chat_and_not_the_placeholder_account() -> None:
    assert speaker_id(ANONYMOUS_ADMIN, GROUP) == GROUP
    assert speaker_id(None, GROUP) == GROUP
    assert speaker_id(7, None) == 7
    assert speaker_id(None, None) is None


def test_two_bots_never_share_a_count() -> None:
    assert Subject(1, chat_id=5, user_id=7).rate_key("user") == "1/user/7"
    assert Subject(2, chat_id=5, user_id=7).rate_key("user") == "2/user/7"
    assert Subject(1, chat_id=5).rate_key("chat", "shop.buy") == "1/shop.buy/chat/5"
    assert Subject(1).rate_key("global") == "1/global"


def test_an_update_without_a_user_is_not_limited_by_user() -> None:
    assert Subject(1, chat_id=5).rate_key("user") is None
    assert Subject(1, user_id=7).rate_key("chat") is None


def test_an_unknown_scope_is_refused() -> None:
    scope: Any = "users"
    with pytest.raises(ValueError, match="scope must be"):
        Subject(1, user_id=7).rate_key(scope)


def test_the_dialogue_is_that_of_the_same_ids() -> None:
    subject = Subject(1, chat_id=5, user_id=7, thread_id=3)

    assert subject.state_key() == StateKey(1, 5, 7)
    assert subject.state_key("user_in_topic", destiny="shop") == StateKey(1, 5, 7, 3, destiny="shop")
    assert Subject(1, chat_id=5).state_key() is None
