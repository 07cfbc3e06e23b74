"""What the test class of an adapter has to write: how to run a bot of its framework, without a network."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import pytest_asyncio

from botkeep.storages.memory import MemoryStorage

if TYPE_CHECKING:
    from botkeep.abc import BaseStorage
    from botkeep.fsm import FSMContext

Handler: TypeAlias = "Callable[[Message], Awaitable[None]]"


@dataclass
class Message:
    """A text message that a bot handles.

    Attributes:
        text: what was written.
        user_id: by whom.
        context: the dialogue as the adapter gives it to a handler, as a `botkeep.FSMContext` (of the storage
            and key that the framework's own way to the dialogue uses).
        event: the framework's own object.
    """

    text: str
    user_id: int
    context: FSMContext
    event: Any = None


class RunningBot(Protocol):
    """A bot that runs, with the adapter set up and one handler for text messages.

    Attributes:
        errors: what reached the framework's own error handler so far (its log, where it has no such handler).
    """

    errors: list[BaseException]

    async def send(self, text: str, *, user: int, chat: int) -> None:
        """Deliver a text message to the bot as the platform does, and return without waiting for its end."""

    async def settle(self) -> None:
        """Return when every update that was delivered has been handled."""


@dataclass
class Script:
    """What the handler of a bot does, and what it has seen.

    Attributes:
        handle: called for each message; a test sets it.
        seen: the texts of the messages whose handling began, in order.
    """

    handle: Handler
    seen: list[str] = field(default_factory=list)

    async def __call__(self, message: Message) -> None:
        """Handle a message."""
        self.seen.append(message.text)
        await self.handle(message)


async def do_nothing(_: Message) -> None:
    """Handle a message by doing nothing."""


class AdapterUnderTest:
    """The hooks of `botkeep.testing.AdapterContract`."""

    user: int = 7
    other_user: int = 8
    chat: int = 70
    """Where `user` and `other_user` write; ids that the framework takes for a group's."""

    def create(self) -> BaseStorage:
        """Return a storage; tests of a class that inherits this may run on several."""
        return MemoryStorage()

    @abstractmethod
    def run_bot(
        self, storage: BaseStorage, script: Script, *, bot_id: int = 42, ordered: bool = True
    ) -> AbstractAsyncContextManager[RunningBot]:
        """Run a bot on the storage, set up as the adapter's page says, until the block ends.

        Its one handler makes a `Message` of each text message and awaits ``script(message)``; its error
        handler puts the exception into ``errors``. The end of the block is the framework's own clean end.
        """
        raise NotImplementedError("a test class of an adapter has to write run_bot()")

    @abstractmethod
    def limiter(self, storage: BaseStorage, rate: str, *, scope: Any = "user", **settings: Any) -> object:
        """Return the adapter's rate limit: its middleware, handler, decorator or check."""
        raise NotImplementedError("a test class of an adapter has to write limiter()")

    @pytest_asyncio.fixture(loop_scope="function")
    async def storage(self) -> AsyncIterator[BaseStorage]:
        """A storage that is open; the bot of a test may stop it at its end."""
        storage = self.create()
        await storage.start()
        yield storage
        await storage.stop()


async def eventually(condition: Callable[[], bool]) -> None:
    """Return once the condition holds; fail after ten seconds."""

    async def wait() -> None:
        while not condition():  # noqa: ASYNC110 # what changes is the framework's
            await asyncio.sleep(0.005)

    await asyncio.wait_for(wait(), 10)
