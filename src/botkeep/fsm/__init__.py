"""Dialogues: their states, the record of each, and the order of their handlers."""

from __future__ import annotations

from botkeep._core.held_locks import HeldLock
from botkeep.fsm.albums import AlbumOrdering
from botkeep.fsm.context import FSMContext
from botkeep.fsm.migration import DialogueMove, move_dialogues
from botkeep.fsm.ordering import Ordering
from botkeep.fsm.record import Visit
from botkeep.fsm.state_keys import KeyStrategy, StateKey, state_key
from botkeep.fsm.states import State, StatesGroup
from botkeep.fsm.transaction import Turn

__all__ = [
    "AlbumOrdering",
    "DialogueMove",
    "FSMContext",
    "HeldLock",
    "KeyStrategy",
    "Ordering",
    "State",
    "StateKey",
    "StatesGroup",
    "Turn",
    "Visit",
    "move_dialogues",
    "state_key",
]
