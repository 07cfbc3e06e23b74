"""Damaged bytes in a JSON file: the backup's value or an error, never another value. And edits by hand."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from botkeep import FileStorage, StorageFormatError
from botkeep.testing import FakeClock

DOCUMENTS = {"cart:7": {"pizza": "Margherita", "size": 30}, "hits": 12, "ü": "é😀"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bot.json"


async def fill(path: Path) -> bytes:
    async with FileStorage(path, clock=FakeClock()) as storage:
        for identifier, document in DOCUMENTS.items():
            await storage.set_state(identifier, document, ttl=600 if identifier == "hits" else None)
        await storage.namespace("weather").set_state("Oslo", 4.5)
    return path.read_bytes()


async def read(path: Path) -> dict[str, object]:
    async with FileStorage(path, clock=FakeClock()) as storage:
        found: dict[str, object] = {key: await storage.get_state(key) for key in await storage.list_keys()}
        found["ttl"] = await storage.get_ttl("hits")
        found["Oslo"] = await storage.namespace("weather").get_state("Oslo")
        return found


async def test_no_damaged_byte_makes_a_wrong_value_a_lost_document_or_an_invented_one(path: Path) -> None:
    content = await fill(path)
    right = {**DOCUMENTS, "ttl": 600, "Oslo": 4.5}
    wrong, refused = [], 0
    for place in range(len(content)):
        damaged = bytearray(content)
        damaged[place] ^= 1 << (place % 8)
        path.write_bytes(damaged)
        path.with_name("bot.json.bak").write_bytes(content)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)
                if await read(path) != right:
                    wrong.append(place)
        except StorageFormatError:
            refused += 1

    assert wrong == []
    assert refused < 40  # the names of members: an error that names them


async def test_without_a_backup_a_damaged_byte_is_an_error_and_the_file_stays(path: Path) -> None:
    content = (await fill(path)).replace(b"Margherita", b"Margharita")
    path.write_bytes(content)
    path.with_name("bot.json.bak").unlink()

    with pytest.raises(
        StorageFormatError, match=r'checksum does not match.*take the line with "checksum" out'
    ):
        await read(path)
    assert path.read_bytes() == content


async def test_an_edit_with_the_checksum_taken_out_counts(path: Path) -> None:
    lines = (await fill(path)).decode().splitlines(keepends=True)
    edited = [line.replace("Margherita", "Funghi") for line in lines if '"checksum"' not in line]
    path.write_text("".join(edited), encoding="utf-8")

    found = await read(path)

    assert found["cart:7"] == {"pizza": "Funghi", "size": 30}
    assert found["hits"] == 12


async def test_an_edit_with_the_checksum_left_in_is_kept_and_the_warning_says_what_to_do(path: Path) -> None:
    edited = (await fill(path)).replace(b"Margherita", b"Funghi")
    path.write_bytes(edited)

    with pytest.warns(UserWarning, match=r'somebody edited it.*take the line with "checksum" out'):
        found = await read(path)

    assert found["cart:7"] == DOCUMENTS["cart:7"]
    (kept,) = path.parent.glob("bot.json.corrupt-*")
    assert kept.read_bytes() == edited


async def test_a_document_that_looks_like_a_checksum_is_a_document(path: Path) -> None:
    async with FileStorage(path) as storage:
        await storage.set_state("checksum", "12345678")
        await storage.set_state("nested", {"checksum": "12345678", "more": 1})

    async with FileStorage(path) as storage:
        assert await storage.get_state("checksum") == "12345678"
        assert await storage.get_state("nested") == {"checksum": "12345678", "more": 1}


@pytest.mark.parametrize("name", ["botkeep", "holdfast"])
async def test_a_file_that_version_0_1_wrote_opens(path: Path, name: str) -> None:
    path.write_text(f'{{\n  "{name}": 1,\n  "documents": {{\n    "hits": 12\n  }}\n}}\n')

    async with FileStorage(path) as storage:
        assert await storage.increment("hits") == 13
    assert '"botkeep": 2' in path.read_text()
