"""Identifiers, namespaces and the glob dialect."""

from __future__ import annotations

import fnmatch
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from botkeep.patterns import after, compile_pattern, escape_pattern
from botkeep.testing.laws.patterns import ANSWERS, KEYS
from botkeep.testing.strategies import identifiers, patterns


def matches(pattern: str, text: str) -> bool:
    """Whether the compiled pattern matches, as a storage uses it: first the prefix, then the rest."""
    compiled = compile_pattern(pattern)
    return text.startswith(compiled.prefix) and compiled.matches(text)


@settings(max_examples=500)
@given(patterns(), identifiers())
@example("[]]*", "]a")
@example("[[]a[*]", "[a*")
@example("a\n*", "a\nb\n")
@example("*[]", "[]")
@example("*[!]", "a[!]")
@example("*[!]]", "a")
def test_a_pattern_matches_what_fnmatchcase_matches(pattern: str, text: str) -> None:
    assert matches(pattern, text) == fnmatch.fnmatchcase(text, pattern)


@settings(max_examples=500)
@given(st.data(), identifiers())
def test_a_pattern_made_from_a_text_matches_it_and_its_prefix_begins_it(
    data: st.DataObject, text: str
) -> None:
    pieces = [data.draw(st.sampled_from([escape_pattern(letter), "?", "*", "**"])) for letter in text]

    assert matches("".join(pieces), text)
    assert text.startswith(compile_pattern("".join(pieces)).prefix)


@pytest.mark.parametrize(
    ("pattern", "prefix"),
    [("*", ""), ("user:*", "user:"), ("user:1", "user:1"), ("a[*]b*", "a*b"), ("a[[]b?", "a[b"),
     ("a[]]*", "a]"), ("a[bc]*", "a"), ("a[!b]", "a"), ("[a", ""), ("a\ud800b*", "a"),
     ("a[\ud800]b", "a"), ("é👩*", "é👩")],
)  # fmt: skip
def test_the_prefix_is_all_that_is_literal(pattern: str, prefix: str) -> None:
    assert compile_pattern(pattern).prefix == prefix


@pytest.mark.parametrize("pattern", ["*", "user:*", "a[*]*"])
def test_a_prefix_with_nothing_but_a_star_behind_it_needs_no_regular_expression(pattern: str) -> None:
    assert compile_pattern(pattern).segments is None


@given(identifiers(), identifiers())
def test_an_escaped_text_matches_itself_and_nothing_else(text: str, other: str) -> None:
    assert matches(escape_pattern(text), text)
    assert matches(escape_pattern(text), other) == (text == other)
    assert compile_pattern(escape_pattern(text)).prefix == text


@pytest.mark.parametrize("pattern", ANSWERS, ids=ascii)
def test_the_table_of_answers_is_what_fnmatchcase_says(pattern: str) -> None:
    assert ANSWERS[pattern] == [key for key in KEYS if fnmatch.fnmatchcase(key, pattern)]


@given(st.text("ab*?[]!-", max_size=12), st.text("ab-]![", max_size=12))
@settings(max_examples=2000)
def test_a_pattern_of_few_letters_matches_what_fnmatchcase_matches(pattern: str, text: str) -> None:
    assert matches(pattern, text) == fnmatch.fnmatchcase(text, pattern)


def test_no_pattern_takes_longer_than_its_length_times_that_of_the_text() -> None:
    """With backtracking each of these would take longer than anybody waits."""
    text = "a" * 1024

    assert not matches("a*" * 500 + "c", text)
    assert not matches("*a?" * 300 + "c", text)
    assert not matches("*[ab]" * 250 + "[!a]", text)
    assert matches("a*" * 500, text)


@pytest.mark.parametrize("pattern", [None, 5, b"*", ["*"]], ids=repr)
def test_a_pattern_is_a_text(pattern: Any) -> None:
    with pytest.raises(TypeError):
        compile_pattern(pattern)


@given(identifiers(), identifiers())
@example("a\U0010ffff", "b")
@example("\U0010ffff", "\U0010ffffa")
@example("\ud7ff", "\ue000")
def test_after_divides_what_starts_with_a_prefix_from_what_comes_behind(prefix: str, text: str) -> None:
    end = after(prefix)

    if text.startswith(prefix):
        assert end is None or text < end
    elif text > prefix:
        assert end is not None
        assert text >= end


@given(identifiers())
def test_after_is_the_first_text_behind_them_all(prefix: str) -> None:
    end = after(prefix)
    assume(end is not None)
    assert end is not None

    assert prefix + "\U0010ffff" * 3 < end
    assert prefix.startswith(end[:-1])
    assert len(end) <= len(prefix)


@given(identifiers(), identifiers())
def test_bytes_of_utf_8_are_in_the_order_of_the_texts(one: str, other: str) -> None:
    assert (one < other) == (one.encode() < other.encode())
