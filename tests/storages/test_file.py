"""FileStorage keeps the laws, and its own promises."""

from __future__ import annotations

import asyncio
import codecs
import json
import math
import weakref
from pathlib import Path
from zlib import crc32

import pytest

from botkeep import FileStorage
from botkeep.abc import BaseStorage
from botkeep.errors import OutcomeUnknownError, StorageFormatError
from botkeep.hooks import Put, Stored
from botkeep.storages.file.batching import BatchingFile
from botkeep.storages.file.json_file import JsonFile
from botkeep.testing import FakeClock, StorageContract


class TestFileStorage(StorageContract):
    @pytest.fixture(autouse=True)
    def file(self, tmp_path: Path) -> None:
        self.path = tmp_path / "bot.json"

    def create(self, *, default_ttl: float | None = None) -> FileStorage:
        storage = FileStorage(self.path, default_ttl=default_ttl, clock=self.clock)
        self.engine = weakref.ref(storage)
        return storage

    def another(self, storage: BaseStorage) -> BaseStorage:
        return storage

    # An open storage reads its memory, not the file: that is where damage has to be done.

    async def raw_read(self, namespace: str, identifier: str) -> bytes | None:
        stored = self._made()._documents.get(namespace, {}).get(identifier)
        return None if stored is None else stored.value

    async def raw_write(self, namespace: str, identifier: str, value: bytes) -> None:
        documents = self._made()._documents
        changed = {**documents.get(namespace, {}), identifier: Stored(value, math.inf)}
        self._made()._documents = {**documents, namespace: changed}

    def _made(self) -> BatchingFile:
        storage = self.engine()
        assert storage is not None
        return storage._open_file()


LAYOUT = """\
{
  "botkeep": 2,
  "checksum": "CRC",
  "clock": 1800000000.0,
  "documents": {
    "cart:7": {
      "size": 30,
      "pizza": "Margherita",
      "toppings": []
    },
    "hits": 12
  },
  "expires_at": {
    "cart:7": 1800000060.0
  },
  "namespaces": {
    "weather": {
      "documents": {
        "Oslo": {
          "celsius": 4.5
        }
      }
    }
  }
}
"""
_WITHOUT_CHECKSUM = LAYOUT.replace('  "checksum": "CRC",\n', "").encode()
LAYOUT = LAYOUT.replace("CRC", f"{crc32(_WITHOUT_CHECKSUM):08x}")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bot.json"


async def test_a_person_can_read_the_file(path: Path) -> None:
    async with FileStorage(path, clock=FakeClock()) as storage:
        await storage.set_state("hits", 12)
        await storage.set_state("cart:7", {"size": 30, "pizza": "Margherita", "toppings": []}, ttl=60)
        await storage.namespace("weather").set_state("Oslo", {"celsius": 4.5})

        assert path.read_text(encoding="utf-8") == LAYOUT


async def test_what_is_in_the_file_is_there_after_a_restart(path: Path) -> None:
    path.write_text(LAYOUT, encoding="utf-8")
    async with FileStorage(path, clock=FakeClock()) as storage:
        cart = await storage.get_state("cart:7")

        assert cart == {"size": 30, "pizza": "Margherita", "toppings": []}
        assert list(cart) == ["size", "pizza", "toppings"]
        assert await storage.get_ttl("cart:7") == 60
        assert await storage.get_ttl("hits") == math.inf
        assert await storage.namespace("weather").get_state("Oslo") == {"celsius": 4.5}


async def test_every_kind_of_document_survives_a_restart(path: Path) -> None:
    documents = [None, True, 2**70, -0.0, 9.0, "\n\u2028😀", {"$date": 1}, {"a": [{}, [], {"b": "\\n"}]}]
    async with FileStorage(path) as storage:
        for number, document in enumerate(documents):
            await storage.set_state(f"{number}", document)

    async with FileStorage(path) as storage:
        found = [await storage.get_state(f"{number}") for number in range(len(documents))]
        assert repr(found) == repr(documents)


async def test_bytes_that_are_no_document_survive_a_restart_as_they_are(path: Path) -> None:
    async with FileStorage(path) as storage:
        await storage.namespace("moved").apply("broken", Put(b'{"trunc', storage.expiry(None)))

    async with FileStorage(path) as storage:
        assert await storage._get("moved", "broken") == b'{"trunc'


async def test_edits_by_hand_count(path: Path) -> None:
    text = '{"documents": {"b": 12345678901234567890123, "a": {"x": 1}}, "botkeep": 1}'
    path.write_bytes(codecs.BOM_UTF8 + text.encode())
    async with FileStorage(path) as storage:
        assert await storage.list_keys() == ["a", "b"]
        assert await storage.get_state("b") == 12345678901234567890123
        assert await storage.compare_and_set("a", 2, expected={"x": 1.0})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"botkeep": 1, "documnets": {}}', "unknown field `documnets`"),
        ('{"botkeep": 1, "documents": {}, "expires_at": {"a": "soon"}}', r"\$.expires_at"),
        ('{"botkeep": 1, "documents": []}', r"\$.documents"),
        ('{"botkeep": 3, "records": {}}', "newer Botkeep .* upgrade"),
        ('{"name": "another application"}', "not a file of FileStorage"),
        ("[1, 2]", "not a file of FileStorage"),
    ],
)
async def test_json_of_another_layout_is_refused_and_left_as_it_is(
    path: Path, text: str, reason: str
) -> None:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StorageFormatError, match=reason):
        await FileStorage(path).start()

    assert path.read_text(encoding="utf-8") == text
    assert sorted(found.name for found in path.parent.iterdir()) == ["bot.json", "bot.json.lock"]


async def test_an_empty_file_is_a_new_one(path: Path) -> None:
    path.touch()
    async with FileStorage(path) as storage:
        assert await storage.list_keys() == []
        await storage.set_state("a", 1)

    assert json.loads(path.read_text(encoding="utf-8"))["documents"] == {"a": 1}


async def test_an_empty_path_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        FileStorage("")


async def test_expired_documents_leave_the_file_with_the_next_write(path: Path) -> None:
    clock = FakeClock()
    async with FileStorage(path, clock=clock) as storage:
        await storage.set_state("code", 4711, ttl=60)
        await storage.namespace("inner").set_state("code", 4711, ttl=60)
        clock.advance(61)
        await storage.set_state("a", 1)

        content = json.loads(path.read_text(encoding="utf-8"))
        assert content["documents"] == {"a": 1}
        assert content.keys() == {"botkeep", "checksum", "clock", "documents"}


class CountedFile(JsonFile):
    """Counts how often the file is rewritten."""

    rewrites = 0

    def rewrite(self, content: object) -> None:
        CountedFile.rewrites += 1
        super().rewrite(content)  # type: ignore[arg-type] # passed on as it came


async def test_calls_made_at_the_same_time_share_one_rewrite(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botkeep.storages.file.batching.JsonFile", CountedFile)
    CountedFile.rewrites = 0
    async with FileStorage(path) as storage:
        await asyncio.gather(*(storage.set_state(f"{number}", number) for number in range(100)))

        assert CountedFile.rewrites == 1


async def test_calls_that_change_nothing_write_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botkeep.storages.file.batching.JsonFile", CountedFile)
    CountedFile.rewrites = 0
    async with FileStorage(path) as storage:
        await storage.delete_state("absent")
        await storage.touch("absent", ttl=5)
        await storage.compare_and_set("absent", 1, expected=2)
        await storage.clear_namespace()

        assert CountedFile.rewrites == 0
    assert not path.exists()


async def test_the_event_loop_runs_on_while_the_file_is_written(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    writing = asyncio.Event()

    class WaitingFile(JsonFile):
        def rewrite(self, content: object) -> None:
            asyncio.run_coroutine_threadsafe(alive(), loop).result(10)
            super().rewrite(content)  # type: ignore[arg-type] # passed on as it came

    async def alive() -> None:
        writing.set()

    monkeypatch.setattr("botkeep.storages.file.batching.JsonFile", WaitingFile)
    async with FileStorage(path) as storage:
        await storage.set_state("a", 1)

    assert writing.is_set()


async def test_a_folder_that_cannot_be_flushed_leaves_the_outcome_open(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with FileStorage(path) as storage:
        await storage.set_state("a", 1)
        with monkeypatch.context() as patch:
            patch.setattr("botkeep._files.atomic.flush_folder", _fail)
            with pytest.raises(OutcomeUnknownError, match="flushed"):
                await storage.set_state("a", 2)

        # Memory says what the file says.
        assert await storage.get_state("a") == 2
        assert json.loads(path.read_text(encoding="utf-8"))["documents"] == {"a": 2}


def _fail(folder: Path) -> None:
    raise OSError(5, "Input/output error", str(folder))
