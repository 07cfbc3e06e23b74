"""How deep a document may be: one limit for all types on all storages; no depth harms the process."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import date
from functools import reduce
from pathlib import Path
from typing import Any

import msgspec
import pydantic
import pytest

from botkeep import BaseStorage, DocumentError, FileStorage, MemoryStorage, SQLiteStorage, documents
from botkeep._files.dict_file import from_text, to_text
from botkeep.documents import MAX_DEPTH


@dataclass
class Box:
    inner: Any


class Struct(msgspec.Struct):
    inner: Any


class Row(msgspec.Struct, array_like=True):
    inner: Any


class Model(pydantic.BaseModel):
    inner: Any


class Renamed(pydantic.BaseModel):
    """Not read back from what it dumps by alias."""

    inner: Any = pydantic.Field(serialization_alias="other")


class Chain(pydantic.BaseModel):
    inner: Chain | None = None


class Names(dict[str, Any]):
    pass


class Items(list[Any]):
    pass


Named = namedtuple("Named", ["inner"])  # noqa: PYI024 # the untyped kind is tried

WRAPS: dict[str, Callable[[Any], Any]] = {
    "list": lambda value: [value],
    "tuple": lambda value: (value,),
    "tuple of three": lambda value: ("x", value, "y"),
    "dict": lambda value: {"a": value},
    "like a tag": lambda value: {"$x": value},
    "set": lambda value: frozenset({value}),
    "set of two": lambda value: frozenset({value, "x"}),
    "dataclass": Box,
    "Struct": lambda value: Struct(inner=value),
    "Struct as list": lambda value: Row(inner=value),
    "model": lambda value: Model.model_construct(inner=value),
    "model in model": lambda value: Chain.model_construct(inner=None if value == 1 else value),
    "model and Struct": lambda value: (
        Struct(inner=value) if isinstance(value, Model) else Model.model_construct(inner=value)
    ),
    "renamed model and Struct": lambda value: (
        Struct(inner=value) if isinstance(value, Renamed) else Renamed.model_construct(inner=value)
    ),
    "dict subclass": lambda value: Names(a=value),
    "list subclass": lambda value: Items([value]),
    "namedtuple": Named,
    "list and tuple": lambda value: ([value],)[0] if isinstance(value, tuple) else (value,),
    "dict and tuple": lambda value: {"a": value} if isinstance(value, tuple) else (value,),
    "with a date": lambda value: [value, date(2026, 1, 1)],
    "with a NaN's like": lambda value: [value, -1, None],
}


def nested(wrap: str, depth: int) -> Any:
    return reduce(lambda value, _: WRAPS[wrap](value), range(depth), 1)


@pytest.fixture(params=["memory", "sqlite", "file", "redis"])
async def storage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[BaseStorage]:
    opened: BaseStorage
    if request.param == "memory":
        opened = MemoryStorage()
    elif request.param == "sqlite":
        opened = SQLiteStorage(tmp_path / "bot.db")
    elif request.param == "file":
        opened = FileStorage(tmp_path / "bot.json")
    else:
        from botkeep import RedisStorage

        url = request.getfixturevalue("redis_server").url
        opened = RedisStorage.from_url(url, prefix=f"{tmp_path.name}:")
    async with opened:
        yield opened


@pytest.mark.parametrize("wrap", WRAPS)
async def test_the_deepest_document_comes_back_and_a_deeper_one_is_refused(
    storage: BaseStorage, wrap: str
) -> None:
    document = nested(wrap, MAX_DEPTH)
    await storage.set_state("deep", document)

    with pytest.raises(DocumentError, match="nested too deeply") as caught:
        await storage.set_state("deep", nested(wrap, MAX_DEPTH + 1))

    assert caught.value.path
    assert documents.encode(await storage.get_state("deep")) == documents.encode(document)


@pytest.mark.parametrize("wrap", WRAPS)
async def test_a_file_storage_reads_the_deepest_document_again(tmp_path: Path, wrap: str) -> None:
    document = nested(wrap, MAX_DEPTH)
    async with FileStorage(tmp_path / "bot.json") as storage:
        await storage.set_state("deep", document)

    async with FileStorage(tmp_path / "bot.json") as storage:
        assert documents.encode(await storage.get_state("deep")) == documents.encode(document)


@pytest.mark.parametrize(
    ("wrap", "depth"),
    [(wrap, depth) for wrap in WRAPS for depth in (255, 1_025, 2_100, 10_000, 50_000)]
    + [("tuple", 1_000_000), ("dataclass", 1_000_000), ("set", 1_000_000)],
)
def test_no_depth_harms_the_process(wrap: str, depth: int) -> None:
    with pytest.raises(DocumentError, match="nested too deeply") as caught:
        documents.encode(nested(wrap, depth))

    assert caught.value.path


def test_a_document_of_many_brackets_is_not_taken_for_a_deep_one() -> None:
    document = [{"text": "[" * 300, "pairs": [[number, (number,)] for number in range(300)]}] * 3

    found = documents.decode(documents.encode(document))

    assert found[0]["pairs"][7] == [7, [7]]
    assert found[2]["text"] == "[" * 300


@pytest.mark.parametrize("wrap", ["list", "tuple", "set", "like a tag"])
def test_a_file_for_people_holds_the_deepest_document(wrap: str) -> None:
    document = nested(wrap, MAX_DEPTH - 1)

    assert documents.encode(from_text(to_text({"value": document}))["value"]) == documents.encode(document)


def test_what_contains_itself_is_refused_by_name() -> None:
    box = Box(None)
    box.inner = {"items": [1, box]}

    with pytest.raises(DocumentError, match="circular") as caught:
        documents.encode(box)

    assert caught.value.path == "inner.items[1]"


def test_a_document_is_encoded_near_the_end_of_the_stack() -> None:
    document = nested("set", 200)

    def call(frames: int) -> bytes:
        return documents.encode(document) if frames == 0 else call(frames - 1)

    assert documents.encode(documents.decode(call(700))) == documents.encode(document)
