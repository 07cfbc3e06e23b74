"""What is collected where not every extra is installed."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from tests.packaging.extras import TESTS, needed_by_path

LIMITER = "tests/ratelimit/test_limiter.py"


def collected(*arguments: str) -> str:
    """Return what pytest would run."""
    command = [sys.executable, "-m", "pytest", "-q", "--collect-only", "-p", "no:cacheprovider", *arguments]
    done = subprocess.run(  # noqa: S603 # our own command
        command, cwd=TESTS.parent, capture_output=True, text=True, timeout=120, check=False
    )
    return done.stdout


@pytest.mark.parametrize(
    ("path", "extras"),
    [
        ("storages/test_sqlite.py", set()),
        ("storages/test_redis_keys.py", {"redis"}),
        ("adapters/discord", {"discord"}),
        ("adapters/discord/test_redis_backend.py", {"discord", "redis"}),
        ("adapters/aiogram/test_example.py", {"aiogram", "posix"}),
        ("peers/test_report.py", {"dev"}),
    ],
)
def test_a_file_needs_what_its_place_and_name_say(path: str, extras: set[str]) -> None:
    assert needed_by_path(TESTS / path) == extras


def test_what_is_not_among_the_tests_needs_nothing() -> None:
    assert needed_by_path(TESTS.parent / "docs" / "redis.md") == set()


def test_a_test_that_needs_another_extra_is_deselected_and_not_skipped() -> None:
    without = collected(LIMITER, "--extras", "")

    assert "[sqlite" in without
    assert "[redis" not in without
    assert re.search(r"\d+ deselected", without)


def test_the_tests_of_one_extra_are_those_that_need_it() -> None:
    of_redis = collected(LIMITER, "--extras", "redis", "--concerning", "redis")

    assert "[redis" in of_redis
    assert "[sqlite" not in of_redis


def test_a_file_that_needs_another_extra_is_not_even_imported() -> None:
    assert "no tests collected" in collected("tests/adapters/aiogram", "--extras", "redis")
