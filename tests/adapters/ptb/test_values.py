"""What a bot keeps comes back as it was, with and without pickle."""

from __future__ import annotations

import dataclasses
import enum
from collections import Counter, OrderedDict, defaultdict, deque
from datetime import datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import telegram

from botkeep import DocumentError
from botkeep.documents import decode, encode
from botkeep_ptb import PickledValues, PlainValues, Values

BOT = telegram.Bot("42:TEST")


class Size(enum.Enum):
    LARGE = "large"


class PizzaCrust(enum.Enum):
    THIN = "thin"


class Style(enum.Flag):
    BOLD = 1
    ITALIC = 2


class Point(NamedTuple):
    x: int
    y: Any = None


class OldDict(dict[Any, Any]):
    pass


class Text(str):
    __slots__ = ()


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
        {telegram.constants.ChatType.PRIVATE: 1},
        Style.BOLD | Style.ITALIC,
        Point(1, Point(2, (3,))),
        {Point(1): 1},
        defaultdict(list, {"a": [1], (2,): []}),
        defaultdict(None, {"a": 1}),
        OrderedDict([("b", 1), (("a",), 2)]),
        Counter({"a": 2, (1,): 1}),
        deque([1, (2,)], maxlen=3),
        deque(),
        {"@deque": [1]},
        {"@state": [1]},
        datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"), fold=1),
        datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin")),
        datetime(2026, 10, 25, 2, 30, fold=1),  # noqa: DTZ001 # without a zone, on purpose
        datetime(2026, 10, 25, tzinfo=timezone(timedelta(hours=1), "MEZ")),
        datetime(2026, 10, 25, tzinfo=timezone(timedelta(hours=1))),
        time(2, 30, tzinfo=timezone(timedelta(hours=1), "MEZ"), fold=1),
        time(2, 30, tzinfo=ZoneInfo("Europe/Berlin")),
        Decimal("1.50"),
        timedelta(days=-1, microseconds=5),
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
    assert repr(found) == repr(value)  # as deep as it goes: the fold and the zone, the factory, the members


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


def class_inside_a_function() -> Any:
    class Inner(enum.Enum):
        A = 1

    return Inner.A


def tuple_inside_a_function() -> Any:
    class Inner(NamedTuple):
        x: int

    return Inner(1)


KEYBOARD = telegram.ReplyKeyboardMarkup([["a"]])

REFUSED: dict[str, Any] = {
    "a subclass of dict": OldDict(a=1),
    "a subclass of str": Text("a"),
    "a subclass of str as a key": {Text("a"): 1},
    "a subclass of list": type("Items", (list,), {})(),
    "a subclass of int": type("Number", (int,), {})(1),
    "a mapping that is no dict": MappingProxyType({"a": 1}),
    "a defaultdict of a function": defaultdict(lambda: 5),
    "an enum inside a function": class_inside_a_function(),
    "a named tuple inside a function": tuple_inside_a_function(),
    "a dataclass": dataclasses.make_dataclass("Fields", ["x"])(1),
    "a zone of another library": datetime(2026, 1, 1, tzinfo=type("Zone", (tzinfo,), {})()),
    "a class": dict,
    "a keyboard that python-telegram-bot reads as another": KEYBOARD,
    "a tuple as the data of a button": telegram.InlineKeyboardMarkup(
        [[telegram.InlineKeyboardButton("a", callback_data=("x",))]]
    ),
    "a file to upload": telegram.InputMediaPhoto(b"bytes"),
    "a class of one's own that telegram has not": type("MyUser", (telegram.User,), {})(
        7, "Ann", is_bot=False
    ),
}


@pytest.mark.parametrize("value", REFUSED.values(), ids=REFUSED)
def test_what_would_come_back_as_something_else_is_refused_where_it_is_stored(value: Any) -> None:
    with pytest.raises(DocumentError) as caught:
        PlainValues().pack({"cart": [value]})

    assert caught.value.path.startswith("cart[0]")


SENT = datetime(2026, 11, 21, tzinfo=timezone.utc)
USER = telegram.User(7, "Ann", is_bot=False)
CHAT = telegram.Chat(7, "private")


@pytest.mark.parametrize("values", [PlainValues(), PickledValues()])
@pytest.mark.parametrize(
    "value",
    [
        telegram.Update(1, message=telegram.Message(5, SENT, CHAT, from_user=USER, text="hi")),
        telegram.ChatMemberOwner(USER, is_anonymous=False),
        telegram.ReactionTypeEmoji("\N{THUMBS UP SIGN}"),
        telegram.InlineKeyboardMarkup([[telegram.InlineKeyboardButton("a", callback_data="x")]]),
        telegram.PhotoSize("a", "b", 1, 2),
        telegram.MessageEntity("bold", 0, 1),
        telegram.ChatPermissions(can_send_messages=True),
    ],
    ids=lambda value: type(value).__name__,
)
def test_objects_of_telegram_come_back_as_what_they_were(values: Values, value: Any) -> None:
    found = kept(values, {"it": value})["it"]

    assert type(found) is type(value)
    assert found.to_dict() == value.to_dict()
    assert found == value


def test_an_update_that_was_looked_at_comes_back_too() -> None:
    update = telegram.Update(1, message=telegram.Message(5, SENT, CHAT, from_user=USER, text="hi"))
    assert (update.effective_user, update.effective_chat) == (USER, CHAT)

    assert kept(PlainValues(), update).effective_message.text == "hi"


def test_equal_sets_make_equal_documents() -> None:
    one, other = {0, 8}, {8, 0}
    assert list(one) != list(other)

    assert PlainValues().pack(one) == PlainValues().pack(other)


@pytest.mark.parametrize(
    ("tag", "instead"),
    [
        ({"@enum": [__name__, "Gone", "A", 5]}, 5),
        ({"@enum": [__name__, "Size", "GONE", "gone"]}, "gone"),
        ({"@namedtuple": [__name__, "Point", {"gone": 1}]}, (1,)),
    ],
)
def test_of_a_class_that_is_gone_its_value_is_left_and_a_warning(
    tag: Any, instead: Any, caplog: pytest.LogCaptureFixture
) -> None:
    assert PlainValues().unpack(tag, BOT) == instead
    assert tag[next(iter(tag))][1] in caplog.text


@pytest.mark.parametrize(
    ("tag", "found"),
    [
        ({"@enum": ["elsewhere", "PizzaCrust", "THIN", "thin"]}, PizzaCrust.THIN),
        ({"@enum": [__name__, "Size", "RENAMED", "large"]}, Size.LARGE),
        ({"@namedtuple": [__name__, "Point", {"x": 1}]}, Point(1)),
    ],
)
def test_a_class_that_was_moved_or_has_grown_is_found(tag: Any, found: Any) -> None:
    assert PlainValues().unpack(tag, BOT) == found


def test_what_version_0_1_has_pickled_is_read() -> None:
    pickled = PickledValues().pack([USER])
    old = pickled.replace(b"botkeep_ptb.pickled_values", b"botkeep_ptb.values")
    old = old.replace(
        bytes([len("botkeep_ptb.pickled_values")]) + b"botkeep",
        bytes([len("botkeep_ptb.values")]) + b"botkeep",
    )
    old = old[:2] + b"\x95" + (len(old) - 11).to_bytes(8, "little") + old[11:]

    assert old != pickled
    assert PickledValues().unpack(old, BOT) == [USER]


def test_with_pickle_any_object_is_kept() -> None:
    assert kept(PickledValues(), NotPlain()) == NotPlain()


def test_what_pickle_cannot_keep_is_a_document_error() -> None:
    with pytest.raises(DocumentError, match="cannot be pickled"):
        PickledValues().pack(lambda: None)


def test_a_bot_that_turns_to_pickle_reads_what_it_wrote_without() -> None:
    document = decode(encode(PlainValues().pack({1: (2,)})))

    assert PickledValues().unpack(document, BOT) == {1: (2,)}
