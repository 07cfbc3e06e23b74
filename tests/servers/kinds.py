"""The kinds of servers that a test of Redis runs on."""

from __future__ import annotations

from typing import Final

import pytest

on_redis_and_valkey: Final = pytest.mark.parametrize("redis_kind", ["redis", "valkey"], indirect=True)
"""Run the test on both, where the kind of server may matter; it uses a fixture that starts servers."""
