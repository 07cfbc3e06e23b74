"""A pytest plugin that writes down what each test came to, a JSON line a test."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.peers.adapter import NotOfferedError


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--outcomes", type=Path, required=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report = yield
    if call.when == "call" or call.excinfo is not None:
        _write_down(item, call.excinfo)
    return report


def _write_down(item: pytest.Item, caught: pytest.ExceptionInfo[BaseException] | None) -> None:
    assert isinstance(item, pytest.Function)
    assert item.cls is not None
    if caught is None:
        outcome = "kept"
    else:
        outcome = "not offered" if _is_for_want_of_a_verb(caught.value) else "broken"
    family = next(law for law in item.cls.__mro__ if item.originalname in vars(law))
    line = [item.cls.__name__, family.__name__, item.originalname, outcome]
    with item.config.getoption("--outcomes").open("a") as file:
        file.write(json.dumps(line) + "\n")


def _is_for_want_of_a_verb(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, NotOfferedError):
            return True
        error = error.__cause__ or error.__context__
    return False
