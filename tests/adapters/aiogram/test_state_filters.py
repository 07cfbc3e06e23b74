"""Botkeep's states in aiogram's filters and contexts."""

from __future__ import annotations

from typing import Any

import pytest
from aiogram import Dispatcher, Router
from aiogram.filters import StateFilter, and_f, invert_f, or_f
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State as AiogramState
from aiogram.fsm.state import StatesGroup as AiogramGroup
from aiogram.types import Message
from tests.adapters.aiogram.bots import feed, new_bot
from tests.adapters.botapi import updates

from botkeep import BaseStorage, InvalidTransitionError, State, StatesGroup
from botkeep_aiogram import setup_botkeep


class Stay(StatesGroup):
    room = State()
    nights = State()

    transitions = {None: [room], room: [nights], nights: [None]}  # noqa: RUF012 # the group's own way


class Theirs(AiogramGroup):
    name = AiogramState()


OURS: Any = Stay.room
GROUP: Any = Stay


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: OURS, ["Stay:room"]),
        (lambda: GROUP, ["Stay:room", "Stay:nights"]),
        (lambda: StateFilter(OURS), ["Stay:room"]),
        (lambda: StateFilter(GROUP), ["Stay:room", "Stay:nights"]),
        (lambda: StateFilter(Theirs.name, OURS), ["Stay:room", "Theirs:name"]),
        (lambda: StateFilter(None, OURS), ["Stay:room", None]),
        (lambda: StateFilter(Theirs), ["Theirs:name"]),
        (lambda: or_f(StateFilter(OURS), StateFilter(Theirs)), ["Stay:room", "Theirs:name"]),
        (lambda: and_f(StateFilter(GROUP), StateFilter(OURS)), ["Stay:room"]),
        (lambda: invert_f(StateFilter(GROUP)), ["Theirs:name", None]),
        (lambda: ~StateFilter(OURS), ["Stay:nights", "Theirs:name", None]),
    ],
)
@pytest.mark.parametrize("where", ["handler", "router", "nested router"])
async def test_filters_match_them(
    storage: BaseStorage, make: Any, expected: list[str | None], where: str
) -> None:
    bot, dispatcher, router, seen = new_bot(), Dispatcher(), Router(), []
    setup_botkeep(dispatcher, storage)
    made = make()

    async def look(message: Message, raw_state: str | None) -> None:
        seen.append(raw_state)

    try:
        if where == "handler":
            dispatcher.message.register(look, made)
        else:
            router.message.filter(made)
    except TypeError:
        assert isinstance(made, (State, type(StatesGroup)))
        pytest.skip("older versions of aiogram refuse at once a filter that cannot be called")
    if where != "handler":
        router.message.register(look)
        if where == "nested router":
            inner, router = router, Router()
            router.include_router(inner)
        dispatcher.include_router(router)
    for state in ("Stay:room", "Stay:nights", "Theirs:name", None):
        records = storage.namespace("fsm")
        key = "bot:42/chat:7/user:7/thread:-/business:-/destiny:default"
        await records.set_state(key, {"name": state, "data": {"any": 1}})
        await feed(dispatcher, bot, updates.message("x"))

    assert seen == expected


async def test_handlers_enter_them_and_their_transitions_hold(storage: BaseStorage) -> None:
    bot, dispatcher, seen = new_bot(), Dispatcher(), []
    setup_botkeep(dispatcher, storage)

    @dispatcher.message()
    async def look(message: Message, state: FSMContext) -> None:
        ours: Any = getattr(Stay, message.text or "")
        await state.set_state(ours)
        seen.append(await state.get_state() == ours)

    await feed(dispatcher, bot, updates.message("room"))
    await feed(dispatcher, bot, updates.message("nights"))
    with pytest.raises(InvalidTransitionError):
        await feed(dispatcher, bot, updates.message("room"))

    assert seen == [True, True]
