"""What a bot keeps comes back as it was, with and without pickle."""

from __future__ import annotations

import enum
from datetime import datetime, timezone
from typing import Any
from uuid import UUID

import pytest
import telegram

from botkeep import DocumentError
from botkeep.documents import decode, encode
from botkeep_ptb import PickledValues, PlainValues, Values

BOT = telegram.Bot("42:TEST")


class Size(enum.Enum):
    LARGE = "large"


class NotPlain:
    def __eq__(self, other: object) -> bool:
        return isinstance(other, NotPlain)

    def __hash__(self) -> int:
        return 1


def kept(values: Values, value: Any) -> Any:
    return values.unpack(decode(encode(values.pack(value))), BOT)


@pytest.mark.parametrize("values", [PlainValues(), PickledValues()])
@pytest.mark.parametrize(
    "value",
    [
        {1: "int key", ("a", 2): "tuple key", None: 0, "s": []},
        (1, (2, [3, (4,)])),
        {"@tuple": [1]},
        {"@map": 1, "b": 2},
        {"$set": [1]},
        {1, 2, (3, 4)},
        frozenset({"a"}),
        Size.LARGE,
        {Size.LARGE: Size.LARGE},
        datetime(2026, 11, 21, tzinfo=timezone.utc),
        UUID(int=7),
        b"\0\xff",
        telegram.constants.ChatType.PRIVATE,
        -1,
        {},
        None,
    ],
    ids=repr,
)
def test_values_come_back_equal_and_of_the_same_type(values: Values, value: Any) -> None:
    found = kept(values, value)

    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("values", [PlainValues(), PickledValues()])
def test_a_message_comes_back_and_belongs_to_the_bot_that_reads_it(values: Values) -> None:
    user = telegram.User(7, "Ann", is_bot=False)
    sent = datetime(2026, 11, 21, tzinfo=timezone.utc)
    message = telegram.Message(5, sent, telegram.Chat(7, "private"), from_user=user, text="hi")

    found = kept(values, {"last": [message]})["last"][0]

    assert found == message
    assert (found.text, found.from_user.first_name, found.date) == ("hi", "Ann", sent)
    assert found.get_bot() is BOT


@pytest.mark.parametrize("values", [PlainValues(), PickledValues()])
def test_the_bot_itself_is_left_out_and_given_back(values: Values) -> None:
    assert kept(values, [BOT])[0] is BOT


def test_without_pickle_an_object_is_refused_with_its_path_and_the_way_out() -> None:
    with pytest.raises(DocumentError, match=r"basket\.items\[1\].*PickledValues") as caught:
        PlainValues().pack({"basket": {"items": [1, NotPlain()]}})

    assert caught.value.path == "basket.items[1]"


def test_with_pickle_any_object_is_kept() -> None:
    assert kept(PickledValues(), NotPlain()) == NotPlain()


def test_what_pickle_cannot_keep_is_a_document_error() -> None:
    with pytest.raises(DocumentError, match="cannot be pickled"):
        PickledValues().pack(lambda: None)


def test_a_bot_that_turns_to_pickle_reads_what_it_wrote_without() -> None:
    document = decode(encode(PlainValues().pack({1: (2,)})))

    assert PickledValues().unpack(document, BOT) == {1: (2,)}
