from __future__ import annotations

import enum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botkeep import MemoryStorage
from botkeep.errors import IdentifierError
from botkeep.fsm import KeyStrategy, StateKey, state_key

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.sampled_from(
    ["-", "%2D", "/", "\0"]
)
keys = st.builds(
    StateKey,
    st.integers(),
    st.integers(),
    st.integers(),
    st.none() | st.integers(),
    st.none() | texts,
    texts,
)


def test_the_identifier_names_every_part() -> None:
    key = StateKey(42, -100, 7, thread_id=3, business_connection_id="abc", destiny="scene")

    assert key.identifier == "bot:42/chat:-100/user:7/thread:3/business:abc/destiny:scene"
    assert str(key) == key.identifier


def test_parts_that_are_not_given_are_named_too() -> None:
    assert str(StateKey(1, 2, 3)) == "bot:1/chat:2/user:3/thread:-/business:-/destiny:default"


@given(keys)
def test_an_identifier_can_be_read_back(key: StateKey) -> None:
    assert StateKey.parse(key.identifier) == key


@given(keys, keys)
def test_different_keys_have_different_identifiers(one: StateKey, other: StateKey) -> None:
    assert (one == other) == (one.identifier == other.identifier)


def test_texts_cannot_pretend_to_be_parts() -> None:
    forged = StateKey(1, 2, 3, business_connection_id="x/destiny:default", destiny="-")

    assert forged.identifier == "bot:1/chat:2/user:3/thread:-/business:x%2Fdestiny:default/destiny:%2D"


@pytest.mark.parametrize(
    "identifier",
    [
        "chat:7",
        "bot:01/chat:2/user:3/thread:-/business:-/destiny:default",
        "bot:1/chat:2/user:3/thread:-/business:-/destiny:-",
        "bot:1/chat:2/user:3/thread:-/business:%zz/destiny:default",
        "bot:1/chat:2/user:3/thread:-/business:-/destiny:default/more:1",
    ],
)
def test_an_identifier_of_no_key_is_refused(identifier: str) -> None:
    with pytest.raises(IdentifierError, match="is no StateKey; one looks like bot:42/") as raised:
        StateKey.parse(identifier)

    assert raised.value.identifier == identifier


@pytest.mark.parametrize(
    ("parts", "complaint"),
    [
        ({"bot_id": "42"}, "bot_id must be an int, not '42'"),
        ({"user_id": None}, "user_id must be an int, not None"),
        ({"chat_id": True}, "chat_id must be an int, not True"),
        ({"thread_id": 1.5}, "thread_id must be an int, not 1.5"),
        ({"business_connection_id": 5}, "business_connection_id must be a str, not 5"),
        ({"destiny": None}, "destiny must be a str, not None"),
    ],
)
def test_a_part_of_the_wrong_type_is_refused(parts: dict[str, Any], complaint: str) -> None:
    with pytest.raises(TypeError, match=complaint):
        StateKey(**{"bot_id": 1, "chat_id": 2, "user_id": 3, **parts})


def test_a_destiny_too_long_for_a_storage_is_refused_at_once() -> None:
    room = 1024 - len(str(StateKey(1, 2, 3, destiny="")))

    assert len(str(StateKey(1, 2, 3, destiny="x" * room))) == 1024
    with pytest.raises(IdentifierError, match="is 1025 bytes long; 1024 are allowed"):
        StateKey(1, 2, 3, destiny="x" * (room + 1))


def test_a_member_of_a_text_enum_stands_for_its_value() -> None:
    class Destiny(str, enum.Enum):
        SCENE = "scene"

    assert str(StateKey(1, 2, 3, destiny=Destiny.SCENE)).endswith("destiny:scene")


async def test_the_keys_of_a_chat_can_be_listed() -> None:
    storage = MemoryStorage()
    for user_id in (1, 2):
        await storage.set_state(str(StateKey(42, -100, user_id)), {})
    await storage.set_state(str(StateKey(42, -1001, 1)), {})

    found = await storage.list_keys("bot:42/chat:-100/*")

    assert [StateKey.parse(identifier).user_id for identifier in found] == [1, 2]
    await storage.stop()


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("user_in_chat", StateKey(42, -100, 7)),
        ("chat", StateKey(42, -100, -100)),
        ("user", StateKey(42, 7, 7)),
        ("user_in_topic", StateKey(42, -100, 7, 3)),
        ("topic", StateKey(42, -100, -100, 3)),
        (KeyStrategy.USER_IN_CHAT, StateKey(42, -100, 7)),
    ],
)
def test_a_strategy_decides_which_ids_count(strategy: KeyStrategy | str, expected: StateKey) -> None:
    assert state_key(strategy, bot_id=42, chat_id=-100, user_id=7, thread_id=3) == expected


@pytest.mark.parametrize("strategy", list(KeyStrategy))
def test_every_strategy_keeps_bot_business_connection_and_destiny(strategy: KeyStrategy) -> None:
    key = state_key(strategy, bot_id=42, chat_id=1, user_id=7, business_connection_id="b", destiny="scene")

    assert key is not None
    assert (key.bot_id, key.business_connection_id, key.destiny) == (42, "b", "scene")


@pytest.mark.parametrize("strategy", list(KeyStrategy))
def test_an_update_without_a_chat_is_of_the_users_private_chat(strategy: KeyStrategy) -> None:
    assert state_key(strategy, bot_id=42, chat_id=None, user_id=7) == StateKey(42, 7, 7)


def test_an_update_without_a_user_has_a_dialogue_only_where_users_share_one() -> None:
    found = {
        strategy.value: state_key(strategy, bot_id=42, chat_id=5, user_id=None) for strategy in KeyStrategy
    }

    assert [name for name, key in found.items() if key is not None] == ["chat", "topic"]


def test_an_update_without_chat_and_user_has_no_dialogue() -> None:
    assert state_key("chat", bot_id=42, chat_id=None, user_id=None) is None


def test_an_unknown_strategy_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match="'chats' is no strategy for keys; there are 'user_in_chat', 'chat'"):
        state_key("chats", bot_id=42, chat_id=5, user_id=7)
