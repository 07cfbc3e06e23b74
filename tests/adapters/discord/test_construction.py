"""What a view is constructed with: stored, migrated, given back."""

from __future__ import annotations

import dataclasses
import enum
from typing import Any, ClassVar

import pytest
from tests.adapters.conditions import until
from tests.adapters.discord.bots import Bot, Counter, restarted, row, rows_of, running
from tests.adapters.discord.server import DiscordServer

from botkeep import DocumentError, MemoryStorage
from botkeep_discord import PersistentView
from botkeep_discord.views import classes


class Board(PersistentView):
    """Takes several kinds of keywords; it was ``Board(name)`` and ``Board(title, size)`` before."""

    version = 3
    migrations: ClassVar[Any] = {
        1: lambda keywords: {"title": keywords["name"], "size": 3},
        2: lambda keywords: {"title": keywords["title"], "sizes": [keywords["size"]]},
    }
    former_names = ("cogs.old.Leaderboard",)
    restored: ClassVar[list[Board]] = []

    def __init__(self, title: str, *, state_key: str, sizes: list[int], **more: Any) -> None:
        super().__init__(state_key=state_key)
        self.title = title
        self.sizes = sizes
        self.more = more
        self.pool: object = None

    async def on_bind(self, bot: Any) -> None:
        self.pool = bot.pool

    async def on_restore(self, bot: Any) -> None:
        assert bot.is_ready()
        self.restored.append(self)


class Room(PersistentView):
    """Makes its state key itself."""

    def __init__(self, *, room: str) -> None:
        super().__init__(state_key=f"room:{room}")
        self.room = room


class Fickle(PersistentView):
    """Makes another state key each time."""

    made = 0

    def __init__(self) -> None:
        Fickle.made += 1
        super().__init__(state_key=f"fickle:{self.made}")


class BotWithPool(Bot):
    """Has what views cannot store."""

    pool = object()


@pytest.fixture(autouse=True)
def _nothing_restored() -> None:
    Board.restored.clear()


@pytest.mark.usefixtures("server")
async def test_keywords_come_back_as_they_were_given(storage: MemoryStorage) -> None:
    async with running(BotWithPool(backend=storage)) as bot:
        await Board("Scores", state_key="board", sizes=[1, 2], colour=None).send(bot.channel)
    async with running(BotWithPool(backend=storage, verify=False)) as bot:
        await until(lambda: _is_restored(1))

    (board,) = Board.restored
    assert (board.title, board.sizes, board.more) == ("Scores", [1, 2], {"colour": None})
    assert board.pool is BotWithPool.pool


async def _is_restored(count: int) -> bool:
    return len(Board.restored) == count


@pytest.mark.usefixtures("server")
async def test_keywords_of_older_versions_are_migrated_step_by_step(storage: MemoryStorage) -> None:
    await rows_of(storage).set_state("one", row(Board, version=1, keywords={"name": "first"}))
    await rows_of(storage).set_state(
        "two", row(Board, 901, version=2, keywords={"title": "second", "size": 5})
    )
    async with running(BotWithPool(backend=storage, verify=False)):
        await until(lambda: _is_restored(2))

    found = {board.title: board.sizes for board in Board.restored}
    assert found == {"first": [3], "second": [5]}


@pytest.mark.usefixtures("server")
async def test_a_migration_that_fails_keeps_the_row(storage: MemoryStorage) -> None:
    await rows_of(storage).set_state("odd", row(Board, version=1, keywords={}))
    async with running(BotWithPool(backend=storage, verify=False)) as bot:
        assert await rows_of(storage).exists("odd")

    assert bot.summary["failed"] == ["odd"]


@pytest.mark.usefixtures("server")
async def test_a_view_may_make_its_state_key_from_its_keywords(storage: MemoryStorage) -> None:
    async with running(Bot(backend=storage)) as bot:
        await Room(room="blue").send(bot.channel)
    async with restarted(storage, verify=False) as bot:
        pass

    assert bot.summary["restored"] == ["room:blue"]


@pytest.mark.usefixtures("server")
async def test_a_view_that_comes_back_with_another_state_key_fails(storage: MemoryStorage) -> None:
    async with running(Bot(backend=storage)) as bot:
        await Fickle().send(bot.channel)
    async with restarted(storage, verify=False) as bot:
        pass

    assert bot.summary["failed"] == ["fickle:1"]


class Size(enum.Enum):
    SMALL = 30


@dataclasses.dataclass
class Order:
    pizza: str


async def test_keywords_that_would_not_come_back_are_refused_by_name() -> None:
    pool = object()
    with pytest.raises(DocumentError, match=r"pool: a object cannot be stored.*on_bind") as unstorable:
        Board("Scores", state_key="board", sizes=[], pool=pool)
    with pytest.raises(DocumentError, match=r"order: .*would come back as \{'pizza': 'Funghi'\}"):
        Board("Scores", state_key="board", sizes=[], order=Order("Funghi"))
    with pytest.raises(DocumentError, match=r"size: .*would come back as 30.*other: a object"):
        Board("Scores", state_key="board", sizes=[], size=Size.SMALL, other=pool)

    assert unstorable.value.path == "Board(pool=...)"


async def test_tuples_are_as_good_as_the_lists_they_come_back_as() -> None:
    board = Board("Scores", state_key="board", sizes=[], pairs=((1, 2), {"a": (3,)}))

    assert board.more == {"pairs": ((1, 2), {"a": (3,)})}


async def test_what_can_only_be_given_by_position_is_refused() -> None:
    class ByPosition(PersistentView):
        def __init__(self, *labels: str) -> None:
            super().__init__(state_key=labels[0])

    with pytest.raises(TypeError, match=r"takes \*labels: 'str' by position only"):
        ByPosition("a")


async def test_a_wrong_call_is_reported_by_the_constructor_itself() -> None:
    with pytest.raises(TypeError, match=r"unexpected keyword argument 'stop'"):
        Counter(state_key="lobby", stop=1)  # type: ignore[call-arg] # the point of the test


def test_a_class_is_found_by_its_full_name_and_its_former_ones() -> None:
    assert classes.find(f"{__name__}.Board") is Board
    assert classes.find("cogs.old.Leaderboard") is Board


def test_a_bare_name_finds_the_only_class_that_has_it() -> None:
    assert classes.find("Board") is Board


def test_a_name_that_several_classes_have_finds_none_and_a_full_one_no_other() -> None:
    one = type("Panel", (Counter,), {"__module__": "cogs.one"})
    two = type("Panel", (Counter,), {"__module__": "cogs.two"})

    assert classes.find("Panel") is None
    assert classes.find("cogs.one.Panel") is one
    assert classes.find("cogs.two.Panel") is two
    assert classes.find("cogs.three.Panel") is None
    assert classes.find("cogs.three.Board") is None


def test_a_class_of_a_script_is_found_whether_the_script_is_run_or_imported() -> None:
    run = type("Lamp", (Counter,), {"__module__": "__main__"})

    assert classes.find("__main__.Lamp") is run
    assert classes.find("bot.Lamp") is run
    assert classes.find("__main__.Board") is Board


def test_a_module_that_is_loaded_anew_replaces_its_classes() -> None:
    type("Reloaded", (Counter,), {"__module__": "cogs.reloaded"})
    newer = type("Reloaded", (Counter,), {"__module__": "cogs.reloaded"})

    assert classes.find("cogs.reloaded.Reloaded") is newer
    assert classes.find("Reloaded") is newer


class Clumsy(Counter):
    """Its on_restore raises."""

    async def on_restore(self, bot: Any) -> None:
        raise LookupError(f"{bot!r} has lost it")


async def test_a_view_whose_on_restore_fails_is_alive_all_the_same(
    server: DiscordServer, storage: MemoryStorage, caplog: pytest.LogCaptureFixture
) -> None:
    server.rest.add_message(900)
    await rows_of(storage).set_state("clumsy", row(Clumsy))
    async with restarted(storage) as bot:
        answer = await server.click(900, "add")
        await until(lambda: _is_logged(caplog, "on_restore of view 'clumsy' failed"))

    assert bot.summary["restored"] == ["clumsy"]
    assert answer["data"]["content"] == "1 clicks"


async def _is_logged(caplog: pytest.LogCaptureFixture, text: str) -> bool:
    return text in caplog.text
