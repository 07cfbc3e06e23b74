"""What is no state is told where it is given: a filter of it would never match."""

from __future__ import annotations

from typing import Any

import pytest

from botkeep.fsm import State
from botkeep_pyrogram import StateFilter


@pytest.mark.parametrize("given", [5, None, [State("size")], State])
def test_what_is_no_state_is_refused_by_the_filter(given: Any) -> None:
    with pytest.raises(TypeError, match="StateFilter takes states, their names and groups of them"):
        StateFilter(given)


def test_the_filter_for_no_state_is_named() -> None:
    with pytest.raises(TypeError, match=r"NoStateFilter\(\) matches where there is none"):
        StateFilter(None)  # type: ignore[arg-type] # as in aiogram
