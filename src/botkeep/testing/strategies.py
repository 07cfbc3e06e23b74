"""Hypothesis strategies for what a storage is given: documents, identifiers, patterns."""

from __future__ import annotations

from datetime import timezone
from typing import Any

from hypothesis import strategies as st

from botkeep.keys import LONGEST
from botkeep.testing.values import BERLIN

_TEXT = st.text(st.characters(exclude_categories=["Cs"]))

_TIMEZONES = st.sampled_from([None, timezone.utc, BERLIN])


def scalars() -> st.SearchStrategy[Any]:
    """Values that hold no others, of every type that comes back as it was."""
    return st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.integers(2**62, 2**70),
        st.floats(allow_nan=False, allow_infinity=False),
        _TEXT,
        st.sampled_from(["$", "$date", "$dict", '{"$', "null", "-1234-1234-1234-"]),
        hashables(),
    )


def hashables() -> st.SearchStrategy[Any]:
    """Values that a set may hold."""
    return st.one_of(
        st.binary(max_size=20),
        st.dates(),
        st.datetimes(timezones=_TIMEZONES).map(_settled),
        st.times(timezones=st.sampled_from([None, timezone.utc])).map(_settled),
        st.timedeltas(),
        st.uuids(),
        st.decimals(allow_nan=False, allow_infinity=False),
        _TEXT,
        st.integers(),
    )


def _settled(moment: Any) -> Any:
    """The same moment; `fold` stays only where it tells the two hours apart that clocks repeat in autumn."""
    first = moment.replace(fold=0)
    return first if first.utcoffset() == moment.utcoffset() else moment


def documents(*, max_leaves: int = 12) -> st.SearchStrategy[Any]:
    """Documents that come back equal, with equal types throughout."""
    sets = st.sets(hashables(), max_size=3)
    return st.recursive(
        scalars() | sets | sets.map(frozenset),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_keys(), inner, max_size=4),
        max_leaves=max_leaves,
    )


def _keys() -> st.SearchStrategy[str]:
    """Keys of a dict, many of them like tags."""
    return st.sampled_from(["$date", "$dict", "$int", "$set", "$", "$unknown", "name", "data"]) | _TEXT


def identifiers() -> st.SearchStrategy[str]:
    """Anything that is an identifier, most of it short and full of characters that mean something."""
    telling = st.text(st.sampled_from("aAbB*?[]!^-:/%_\\ \n.é\ud7ff\ue000\U0010ffff"), min_size=1, max_size=6)
    anything = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)
    return telling | anything.filter(lambda text: len(text.encode()) <= LONGEST)


def patterns() -> st.SearchStrategy[str]:
    """Glob patterns, well-formed or not."""
    return st.text(st.sampled_from("aAbB*?[]!^-:/\\\n.é\ud7ff\ue000\U0010ffff"), max_size=8)
