"""The tree of errors: one root, data as attributes, a text that says what to do."""

from __future__ import annotations

import inspect
import pickle

import pytest

from botkeep import errors
from botkeep.errors import BotkeepError

CLASSES = [
    error
    for error in vars(errors).values()
    if inspect.isclass(error) and issubclass(error, BotkeepError) and error.__module__ == errors.__name__
]

STORAGE_ERRORS: dict[type[BotkeepError], tuple[object, ...]] = {
    errors.StorageUnavailableError: ("SQLiteStorage('bot.db')", "the disk is full"),
    errors.OutcomeUnknownError: ("SQLiteStorage('bot.db')", "the connection was lost"),
    errors.StorageFormatError: ("bot.db", "not a database"),
    errors.StorageClosedError: ("SQLiteStorage('bot.db')",),
    errors.EventLoopError: ("SQLiteStorage('bot.db')",),
    errors.DocumentError: ("data.items[3].price", "is no number"),
    errors.CorruptDocumentError: ("order", "is no JSON"),
    errors.IdentifierError: ("order\0", "must not contain NUL"),
    errors.NotACounterError: ("order",),
    errors.CounterOverflowError: ("count", 5),
    errors.LeaseLostError: ("order",),
}


@pytest.mark.parametrize("error", CLASSES, ids=lambda error: error.__name__)
def test_every_error_is_drawn_in_the_tree_of_the_module(error: type[BotkeepError]) -> None:
    assert errors.__doc__ is not None
    assert f" {error.__name__}" in errors.__doc__


@pytest.mark.parametrize(("error", "data"), STORAGE_ERRORS.items(), ids=lambda value: str(value)[:40])
def test_an_error_keeps_its_data_says_it_and_survives_pickling(
    error: type[BotkeepError], data: tuple[object, ...]
) -> None:
    original = error(*data)
    copy = pickle.loads(pickle.dumps(original))  # noqa: S301 # our own bytes

    assert tuple(getattr(original, name) for name in inspect.signature(error).parameters) == data
    assert all(str(value).rstrip("\0") in str(original) for value in data)
    assert (str(copy), vars(copy)) == (str(original), vars(original))


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        (errors.StorageClosedError, RuntimeError),
        (errors.EventLoopError, RuntimeError),
        (errors.DocumentError, ValueError),
        (errors.IdentifierError, ValueError),
        (errors.NotACounterError, TypeError),
        (errors.CounterOverflowError, OverflowError),
        (errors.OutcomeUnknownError, errors.StorageUnavailableError),
    ],
)
def test_an_error_is_caught_as_what_it_is_in_python_too(
    error: type[Exception], builtin: type[Exception]
) -> None:
    assert issubclass(error, builtin)
