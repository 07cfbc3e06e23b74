"""Paths of namespaces."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from botkeep._core import paths
from botkeep.testing.strategies import identifiers

NAMES = st.lists(identifiers(), min_size=1, max_size=3)


@given(NAMES, NAMES)
@example(["a/b"], ["a", "b"])
@example(["a%2Fb"], ["a/b"])
@example(["//locks"], ["", "locks"])
def test_different_names_never_give_one_path(one: list[str], other: list[str]) -> None:
    def path(names: list[str]) -> str:
        place = ""
        for name in names:
            place = paths.inner(place, name)
        return place

    assert (path(one) == path(other)) == (one == other)
    assert path(one) != paths.private(path(other), "locks")
