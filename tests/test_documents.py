"""The codec: what may be stored comes back as what it was, in bytes that stay the same."""

from __future__ import annotations

import enum
import math
from collections import Counter, defaultdict
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from botkeep import CorruptDocumentError, DocumentError, documents
from botkeep._core.tagging import encode_tagged
from botkeep.testing.strategies import documents as any_document
from botkeep.testing.values import BERLIN, CONVERTED, REFUSED, UNCHANGED, named, same

STORED: list[tuple[Any, bytes]] = [
    ({"name": "Order:size", "data": {"n": 1, "x": 1.0, "ok": True, "no": None}},
     b'{"name":"Order:size","data":{"n":1,"x":1.0,"ok":true,"no":null}}'),
    ((1, ("ü",)), '[1,["ü"]]'.encode()),
    (-0.0, b"-0.0"),
    (2**64, b'{"$int":"18446744073709551616"}'),
    (16**600, b'{"$int":"0x1' + b"0" * 600 + b'"}'),
    (date(2026, 11, 21), b'{"$date":"2026-11-21"}'),
    (datetime(2026, 11, 21, 9, 4, tzinfo=timezone.utc), b'{"$datetime":"2026-11-21T09:04:00+00:00"}'),
    (datetime(2026, 7, 1, 9, tzinfo=BERLIN), b'{"$datetime":"2026-07-01T09:00:00+02:00[Europe/Berlin]"}'),
    (time(9, 4, 0, 5), b'{"$time":"09:04:00.000005"}'),
    (timedelta(days=-1, seconds=5, microseconds=7), b'{"$timedelta":[-1,5,7]}'),
    ({"b", "a"}, b'{"$set":["a","b"]}'),
    (frozenset({(1, 2)}), b'{"$frozenset":[[1,2]]}'),
    (b"\x00\xff", b'{"$bytes":"AP8="}'),
    (UUID(int=5), b'{"$uuid":"00000000-0000-0000-0000-000000000005"}'),
    (Decimal("9.90"), b'{"$decimal":"9.90"}'),
    ({"$date": "2026-11-21"}, b'{"$dict":{"$date":"2026-11-21"}}'),
    ({"$dict": {}}, b'{"$dict":{"$dict":{}}}'),
    ({"$date": 1, "and": 2}, b'{"$date":1,"and":2}'),
    ([{"$x": {"$y": 1}}], b'[{"$dict":{"$x":{"$dict":{"$y":1}}}}]'),
]  # fmt: skip


def typed(value: Any) -> Any:
    """The value with its types spelt out; repr tells -0.0 from 0.0, and a set has no order to compare."""
    if isinstance(value, (set, frozenset)):
        return type(value), {repr(item) for item in value}
    if isinstance(value, dict):
        return [(key, typed(item)) for key, item in value.items()]
    return [typed(item) for item in value] if isinstance(value, list) else repr(value)


@settings(max_examples=500)
@given(any_document())
@example({"$dict": {"$dict": {"$int": "5"}}})
@example("01234567-1234-1234-1234-0123456789ab")
@example([None, UUID(int=0)])
def test_every_document_comes_back_equal_and_of_equal_types(document: Any) -> None:
    found = documents.decode(documents.encode(document))

    assert found == document
    assert typed(found) == typed(document)


@given(any_document(), st.sampled_from(["$", "$date", "$set", "$dict", "$int", "$unknown"]))
def test_a_dict_that_looks_like_a_tag_comes_back(inner: Any, name: str) -> None:
    document = {name: {name: inner}}

    assert typed(documents.decode(documents.encode(document))) == typed(document)


@settings(max_examples=500)
@given(any_document())
@example([date(2026, 11, 21), {"$date": "2026-11-21"}, None])
@example([{1, "b"}, {date(2026, 11, 21)}, {2**64}, None])
def test_the_fast_road_and_the_walk_write_the_same_bytes(document: Any) -> None:
    assert documents.encode(document) == encode_tagged(document)


@given(any_document())
def test_a_document_equals_itself_and_its_bytes_are_settled(document: Any) -> None:
    once = documents.encode(document)
    twice = documents.encode(documents.decode(once))

    assert twice == once
    assert documents.same(once, documents.encode([document])[1:-1])


@pytest.mark.parametrize(("document", "stored"), STORED, ids=named)
def test_the_stored_bytes_are_pinned(document: Any, stored: bytes) -> None:
    assert documents.encode(document) == stored
    assert typed(documents.decode(stored)) == typed(documents.decode(documents.encode(document)))


@pytest.mark.parametrize("value", UNCHANGED, ids=named)
def test_a_value_comes_back_as_what_it_was(value: Any) -> None:
    assert same(documents.decode(documents.encode(value)), value)


@pytest.mark.parametrize(("value", "becomes"), CONVERTED, ids=named)
def test_a_value_that_json_lacks_becomes_its_closest_kin(value: Any, becomes: Any) -> None:
    assert same(documents.decode(documents.encode(value)), becomes)


@pytest.mark.parametrize(("value", "path"), REFUSED, ids=named)
def test_a_refused_value_is_named_by_its_path(value: Any, path: str) -> None:
    with pytest.raises(DocumentError) as caught:
        documents.encode(value)

    assert caught.value.path == path
    assert str(caught.value).startswith(path or "the document")


def test_a_long_path_is_shortened_in_the_middle() -> None:
    document: Any = math.nan
    for number in range(100):
        document = {f"level{number}": document}

    with pytest.raises(DocumentError) as caught:
        documents.encode(document)

    assert len(caught.value.path) > 500
    assert len(str(caught.value)) < 300
    assert str(caught.value).startswith("level99.level98.")


async def test_a_forgotten_await_is_guessed() -> None:
    async def order() -> None: ...

    coroutine = order()
    with pytest.raises(DocumentError, match="await"):
        documents.encode({"order": coroutine})

    await coroutine


@pytest.mark.parametrize("depth", [100, 200, 239])
def test_a_nested_document_comes_back(depth: int) -> None:
    document: Any = 1
    for _ in range(depth):
        document = [document]

    assert documents.decode(documents.encode(document)) == document


def _reads_or_names_the_damage(stored: bytes) -> bool:
    try:
        documents.decode(stored, "order")
    except CorruptDocumentError as error:
        return error.identifier == "order" and "'order'" in str(error) and bool(error.reason)
    return True


@given(st.binary() | st.text().map(str.encode))
@example(b'{"$dict":5}')
@example(b'{"$uuid":5}')
@example(b'{"$set":[{"a":1}]}')
@example(b'{"$datetime":"2026-01-01[Europe]"}')
@example(b"[" * 2000)
@example(b'{"$set":' * 500 + b"[]" + b"}" * 500)
@example(b'{"$int":"x"}')
@example(b'{"$timedelta":{}}')
@example(b'{"$bytes":"!"}')
@example(b'{"$zip":"?"}')
def test_bytes_that_are_no_document_are_corrupt_and_nothing_else(data: bytes) -> None:
    assert _reads_or_names_the_damage(data)


@given(any_document(), st.data())
def test_a_damaged_document_is_corrupt_or_another_document(document: Any, data: st.DataObject) -> None:
    stored = bytearray(documents.encode(document))
    place = data.draw(st.integers(0, len(stored) - 1))
    stored[place] ^= data.draw(st.integers(1, 255))

    assert _reads_or_names_the_damage(bytes(stored))


def test_an_unknown_tag_may_be_from_a_newer_version() -> None:
    with pytest.raises(CorruptDocumentError, match="newer version"):
        documents.decode(b'{"$zip":"1234"}')


def test_absent_equals_only_absent() -> None:
    assert documents.same(None, None)
    assert not documents.same(None, b"null")
    assert not documents.same(b"null", None)


FOLDED = [
    datetime(2026, 11, 21, 9, fold=1),  # noqa: DTZ001 # a naive one, on purpose
    datetime(2026, 11, 21, 9, tzinfo=timezone.utc, fold=1),
    datetime(2026, 7, 1, 9, tzinfo=BERLIN, fold=1),
    datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=1),
    time(2, 30, fold=1),
    time(2, 30, tzinfo=BERLIN, fold=1),
    time(2, 30, tzinfo=BERLIN),
]


@pytest.mark.parametrize("moment", FOLDED, ids=repr)
def test_which_of_two_equal_hours_it_is_and_the_name_of_the_zone_come_back(moment: Any) -> None:
    found = documents.decode(documents.encode({"at": moment}))["at"]

    assert repr(found) == repr(moment)


class Nameless(tzinfo):
    """A zone as pytz has them: a time of day alone has no offset there."""

    def utcoffset(self, moment: datetime | None) -> timedelta | None:
        return timedelta(hours=1) if moment else None

    def dst(self, moment: datetime | None) -> timedelta | None:  # noqa: ARG002 # as tzinfo wants it
        return None

    def tzname(self, moment: datetime | None) -> str | None:  # noqa: ARG002 # as tzinfo wants it
        return None


def test_a_zone_that_could_not_be_kept_is_refused() -> None:
    with pytest.raises(DocumentError, match="neither a name nor an offset"):
        documents.encode({"at": time(9, tzinfo=Nameless())})

    assert documents.decode(documents.encode(datetime(2026, 1, 1, tzinfo=Nameless()))) == datetime(
        2026, 1, 1, tzinfo=timezone(timedelta(hours=1))
    )


@pytest.mark.parametrize("value", [Counter("abb"), defaultdict(list, a=[1])], ids=["Counter", "defaultdict"])
def test_a_dict_that_answers_for_missing_keys_is_refused(value: Any) -> None:
    with pytest.raises(DocumentError, match=r"store dict\(") as caught:
        documents.encode({"counts": [value]})

    assert caught.value.path == "counts[0]"


class Fruit(enum.Enum):
    APPLE = "apple"


def test_two_items_of_a_set_that_would_become_one_are_refused() -> None:
    with pytest.raises(DocumentError, match="both come back as 'apple'"):
        documents.encode({Fruit.APPLE, "apple"})


class Loud(str):
    """Shows itself otherwise than it is, as pyrogram's texts may."""

    __slots__ = ()

    def __str__(self) -> str:
        return "LOUD"


def test_a_text_of_a_subclass_is_stored_as_it_is_not_as_it_shows_itself() -> None:
    assert documents.decode(documents.encode([Loud("quiet"), {Loud("key"): {Loud("x"), 1.5}}])) == [
        "quiet",
        {"key": {"x", 1.5}},
    ]


def test_a_number_too_long_to_print_is_no_key() -> None:
    with pytest.raises(DocumentError, match="too long"):
        documents.encode({10**5000: 1})
