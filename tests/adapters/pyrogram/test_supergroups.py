"""A group becomes a supergroup in mid-dialogue."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.adapters.pyrogram import payloads
from tests.adapters.pyrogram.offline import OfflineClient
from tests.adapters.pyrogram.payloads import Peer

from botkeep import BaseStorage, KeyStrategy, MemoryStorage, StorageUnavailableError


@pytest.fixture(params=[KeyStrategy.USER_IN_CHAT, KeyStrategy.CHAT])
async def app(request: pytest.FixtureRequest) -> AsyncIterator[OfflineClient]:
    client = OfflineClient(storage=MemoryStorage(), strategy=request.param)

    @client.on_message()
    async def count(app: Any, message: Any) -> None:
        if message.service is None:
            data = await app.fsm(message).get_data()
            await app.fsm(message).update_data(seen=data.get("seen", 0) + 1)

    await client.begin()
    yield client
    await client.stop()


async def seen(storage: BaseStorage) -> dict[str, int]:
    """How many messages each chat's dialogue has counted."""
    records = storage.namespace("fsm")
    found = {key: await records.get_state(key) for key in await records.list_keys()}
    return {key.split("/")[1]: record["data"]["seen"] for key, record in found.items()}


@pytest.mark.parametrize(
    "moves",
    [
        (payloads.migrated_to, payloads.migrated_from),
        (payloads.migrated_from, payloads.migrated_to),
        (payloads.migrated_from,),
        (payloads.migrated_to,),
    ],
)
async def test_its_dialogues_go_on_in_the_supergroup(app: OfflineClient, moves: tuple[Any, ...]) -> None:
    await app.deliver(payloads.in_old_group("a"))
    await app.deliver(*(move() for move in moves))
    await app.deliver(payloads.in_group(Peer(user_id=7)))

    assert await seen(app.botkeep) == {"chat:-1001000000055": 2}


async def test_a_storage_that_fails_at_the_first_message_moves_them_at_the_second(
    app: OfflineClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_: Any) -> Any:
        raise StorageUnavailableError("MemoryStorage()", "away for a moment")

    await app.deliver(payloads.in_old_group("a"))
    with monkeypatch.context() as patch:
        patch.setattr("botkeep_pyrogram.supergroups.move_dialogues", fail)
        await app.deliver(payloads.migrated_to())
    await app.deliver(payloads.migrated_from())

    assert "The dialogues of the group -5555 could not be moved" in caplog.text
    assert await seen(app.botkeep) == {"chat:-1001000000055": 1}
