"""Dialogues: their states, the record of each, and whose turn it is."""

from __future__ import annotations

from holdfast.fsm.context import FSMContext
from holdfast.fsm.held_locks import Hold
from holdfast.fsm.ordering import Ordering
from holdfast.fsm.record import Visit
from holdfast.fsm.state_keys import KeyStrategy, StateKey, state_key
from holdfast.fsm.states import State, StatesGroup
from holdfast.fsm.transaction import Turn

__all__ = [
    "FSMContext",
    "Hold",
    "KeyStrategy",
    "Ordering",
    "State",
    "StateKey",
    "StatesGroup",
    "Turn",
    "Visit",
    "state_key",
]
