from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest

from botkeep import SQLiteStorage, documents
from botkeep.abc import BaseStorage
from botkeep.errors import (
    CorruptDocumentError,
    DocumentError,
    IdentifierError,
    InvalidTransitionError,
    UnknownStateError,
)
from botkeep.fsm import FSMContext, State, StateKey, StatesGroup
from botkeep.testing import FakeClock


class Order(StatesGroup):
    size = State()
    address = State()
    done = State()

    transitions: ClassVar = {None: [size], size: [address], address: [done], done: [None]}


async def records(storage: BaseStorage, clock: FakeClock) -> list[str]:
    """What is left once records that became empty have gone."""
    clock.advance(0.01)
    return await storage.namespace("fsm").list_keys()


async def test_a_new_dialogue_has_no_state_and_no_data(context: FSMContext) -> None:
    assert await context.get_state() is None
    assert await context.get_data() == {}
    assert await context.get_value("pizza", "none yet") == "none yet"


async def test_a_state_is_kept_and_equals_its_object(context: FSMContext) -> None:
    await context.set_state(Order.size)

    assert await context.get_state() == "Order:size"
    assert await context.get_state() == Order.size


async def test_the_record_is_one_document_that_an_operator_can_read(
    storage: BaseStorage, key: StateKey, context: FSMContext
) -> None:
    await context.set_state(Order.size)
    await context.update_data(pizza="Margherita")

    found = await storage.namespace("fsm").get_state(str(key))
    assert found == {"name": "Order:size", "data": {"pizza": "Margherita"}}
    assert await storage.list_keys() == []


async def test_dialogues_of_different_keys_are_apart(storage: BaseStorage) -> None:
    one = FSMContext(storage, StateKey(42, -100, 7))
    for key in (
        StateKey(43, -100, 7),
        StateKey(42, -101, 7),
        StateKey(42, -100, 8),
        StateKey(42, -100, 7, 1),
    ):
        await FSMContext(storage, key).set_state("elsewhere")

    assert await one.get_state() is None


async def test_a_key_may_be_an_identifier_of_your_own(storage: BaseStorage) -> None:
    await FSMContext(storage, "chat:7").set_state("waiting")

    assert await FSMContext(storage, "chat:7").get_state() == "waiting"


async def test_setting_a_state_keeps_the_data_and_the_other_way_round(context: FSMContext) -> None:
    await context.update_data(pizza="Margherita")
    await context.set_state(Order.size)
    await context.set_data({"pizza": "Funghi"})

    assert await context.get_state() == Order.size
    assert await context.get_data() == {"pizza": "Funghi"}


async def test_leaving_the_state_keeps_the_data(context: FSMContext) -> None:
    await context.set_state("waiting")
    await context.update_data(pizza="Margherita")

    await context.set_state(None)

    assert await context.get_state() is None
    assert await context.get_data() == {"pizza": "Margherita"}


async def test_updating_puts_fields_in_and_returns_all(context: FSMContext) -> None:
    await context.update_data({"pizza": "Margherita", "size": 26}, size=30)

    assert await context.update_data(extra=["basil"]) == {
        "pizza": "Margherita",
        "size": 30,
        "extra": ["basil"],
    }
    assert await context.get_value("size") == 30


async def test_fields_may_have_any_name(context: FSMContext) -> None:
    values: dict[str, Any] = {"mapping": 1, "self": 2, "values": 3, "name": 4, "data": 5}

    assert await context.update_data(**values) == values


async def test_updating_nothing_writes_nothing(storage: BaseStorage, context: FSMContext) -> None:
    assert await context.update_data() == {}
    assert await context.update_data({}) == {}
    assert await storage.namespace("fsm").list_keys() == []


async def test_what_is_given_and_what_is_got_are_copies(context: FSMContext) -> None:
    given: dict[str, Any] = {"items": [1]}
    got = await context.update_data(given)
    given["items"].append(2)
    got["items"].append(3)
    (await context.get_data())["items"].append(4)

    assert await context.get_data() == {"items": [1]}


async def test_clearing_the_data_keeps_the_state(context: FSMContext) -> None:
    await context.set_state(Order.size)
    await context.update_data(pizza="Margherita")

    await context.clear_data()

    assert await context.get_state() == Order.size
    assert await context.get_data() == {}


async def test_clearing_ends_the_dialogue_wherever_it_is(
    storage: BaseStorage, clock: FakeClock, context: FSMContext
) -> None:
    await context.set_state(Order.size)
    await context.update_data(pizza="Margherita")

    await context.clear()

    assert await context.get_state() is None
    assert await context.get_data() == {}
    assert await records(storage, clock) == []


async def test_a_record_that_says_nothing_does_not_stay(
    storage: BaseStorage, clock: FakeClock, context: FSMContext
) -> None:
    await context.set_state("waiting")
    await context.set_state(None)
    assert await records(storage, clock) == []

    await context.set_data({"pizza": "Margherita"})
    await context.set_data({})
    assert await records(storage, clock) == []

    await context.update_data(pizza="Margherita")
    await context.clear_data()
    assert await records(storage, clock) == []


async def test_emptying_what_is_not_there_writes_nothing(storage: BaseStorage, context: FSMContext) -> None:
    await context.set_state(None)
    await context.clear_data()
    await context.clear()

    assert await storage.namespace("fsm").list_keys() == []


async def test_data_put_into_a_record_that_just_became_empty_stays(
    clock: FakeClock, context: FSMContext
) -> None:
    await context.update_data(pizza="Margherita")
    await context.clear_data()
    await context.update_data(pizza="Funghi")
    clock.advance(1000)

    assert await context.get_data() == {"pizza": "Funghi"}


# Transitions.


async def test_a_move_that_is_not_allowed_changes_nothing(context: FSMContext) -> None:
    await context.set_state(Order.size)
    await context.update_data(pizza="Margherita")

    with pytest.raises(InvalidTransitionError) as raised:
        await context.set_state(Order.done)

    assert (raised.value.source, raised.value.target) == ("Order:size", "Order:done")
    assert await context.get_state() == Order.size
    assert await context.get_data() == {"pizza": "Margherita"}


async def test_transitions_hold_for_names_too(context: FSMContext) -> None:
    await context.set_state("Order:size")

    with pytest.raises(InvalidTransitionError):
        await context.set_state("Order:done")
    with pytest.raises(UnknownStateError):
        await context.set_state("Order:adress")

    await context.set_state("Order:address")
    assert await context.get_state() == Order.address


async def test_leaving_the_state_is_a_move(context: FSMContext) -> None:
    await context.set_state(Order.size)

    with pytest.raises(InvalidTransitionError):
        await context.set_state(None)


async def test_of_many_that_make_the_same_move_at_once_one_succeeds(
    storage: BaseStorage, key: StateKey, context: FSMContext
) -> None:
    await context.set_state(Order.size)

    outcomes = await asyncio.gather(
        *(FSMContext(storage, key).set_state(Order.address) for _ in range(20)), return_exceptions=True
    )

    assert outcomes.count(None) == 1
    assert sum(isinstance(outcome, InvalidTransitionError) for outcome in outcomes) == 19


async def test_a_context_can_be_limited_to_its_groups(storage: BaseStorage, key: StateKey) -> None:
    context = FSMContext(storage, key, states=Order)

    with pytest.raises(
        UnknownStateError, match="'Menu:main' is none of the states Order:address, Order:done"
    ):
        await context.set_state("Menu:main")


# Bad input and bad records.


@pytest.mark.parametrize("data", [5, None, [("pizza", "Funghi")], "pizza", {"pizza"}])
async def test_data_that_is_no_mapping_is_refused(context: FSMContext, data: Any) -> None:
    with pytest.raises(DocumentError, match=r"^data: must be a mapping, a dataclass.*, not ") as raised:
        await context.set_data(data)

    assert repr(data) in str(raised.value)
    assert await context.get_data() == {}


async def test_data_that_cannot_be_stored_is_refused_with_the_path_to_it(context: FSMContext) -> None:
    await context.update_data(pizza="Margherita")

    with pytest.raises(DocumentError, match="a socket cannot be stored") as raised:
        await context.update_data(order={"items": [1, type("socket", (), {})()]})

    assert raised.value.path == "data.order.items[1]"
    assert await context.get_data() == {"pizza": "Margherita"}


@pytest.mark.parametrize("document", [5, [], {}, {"name": 5, "data": {}}, {"name": None, "data": []}])
async def test_a_document_that_is_no_record_is_refused_and_left_alone(
    storage: BaseStorage, context: FSMContext, document: Any
) -> None:
    await storage.namespace("fsm").set_state(context.identifier, document)

    for call in (
        context.get_state(),
        context.get_data(),
        context.set_state("waiting"),
        context.update_data(a=1),
    ):
        with pytest.raises(CorruptDocumentError, match="is no record of a dialogue"):
            await call

    assert await storage.namespace("fsm").get_state(context.identifier) == document


@pytest.mark.parametrize("key", [5, None, ("chat", 7)])
async def test_a_key_that_is_none_is_refused(storage: BaseStorage, key: Any) -> None:
    with pytest.raises(TypeError, match="a key must be a StateKey or a str"):
        FSMContext(storage, key)


async def test_an_identifier_that_no_storage_takes_is_refused(storage: BaseStorage) -> None:
    with pytest.raises(IdentifierError):
        await FSMContext(storage, "").set_state("waiting")


async def test_fields_that_a_newer_version_writes_are_kept(storage: BaseStorage, context: FSMContext) -> None:
    await storage.namespace("fsm").set_state(context.identifier, {"name": "a", "data": {}, "newer": 1})

    await context.set_state("b")

    record = await storage.namespace("fsm").get_state(context.identifier)
    assert record == {"name": "b", "data": {}, "newer": 1}


# Many at once.


async def test_of_a_hundred_fields_set_at_once_all_are_kept(storage: BaseStorage, key: StateKey) -> None:
    await asyncio.gather(
        *(FSMContext(storage, key).update_data({f"field{number}": number}) for number in range(100))
    )

    data = await FSMContext(storage, key).get_data()
    assert data == {f"field{number}": number for number in range(100)}


async def test_two_storages_on_one_file_keep_all_fields(tmp_path: Path, key: StateKey) -> None:
    async with SQLiteStorage(tmp_path / "a.db") as one, SQLiteStorage(tmp_path / "a.db") as other:
        await asyncio.gather(
            *(
                FSMContext((one, other)[number % 2], key).update_data({f"field{number}": number})
                for number in range(40)
            )
        )

        assert len(await FSMContext(one, key).get_data()) == 40


async def test_a_cancelled_change_has_happened_wholly_or_not_at_all(
    storage: BaseStorage, key: StateKey
) -> None:
    context = FSMContext(storage, key)
    await context.set_state("waiting")
    for rounds in range(8):
        change = asyncio.ensure_future(context.set_data({"a": rounds, "b": rounds}))
        for _ in range(rounds):
            await asyncio.sleep(0)
        change.cancel()
        await asyncio.wait([change])

        data = await context.get_data()
        assert data.get("a") == data.get("b")
        assert await context.get_state() == "waiting"

    await context.update_data(still="works")
    assert await context.get_value("still") == "works"


async def test_a_change_of_simple_fields_is_encoded_once(
    context: FSMContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded: list[Any] = []

    def encode(document: Any, encode: Callable[[Any], bytes] = documents.encode) -> bytes:
        encoded.append(document)
        return encode(document)

    monkeypatch.setattr(documents, "encode", encode)
    await context.update_data(pizza="Margherita", price=11.5, count=1, large=True, note=None)
    await context.update_data()
    async with context.turn() as turn:
        turn.data["toppings"] = ["basil"]

    assert [document["data"]["pizza"] for document in encoded] == ["Margherita", "Margherita"]


async def test_what_cannot_be_stored_is_refused_by_name_also_among_simple_fields(context: FSMContext) -> None:
    for value in (math.nan, "\ud800"):
        with pytest.raises(DocumentError, match=r"data\.price"):
            await context.update_data(pizza="Margherita", price=value)

    assert await context.get_data() == {}
