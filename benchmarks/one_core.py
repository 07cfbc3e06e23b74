"""Measuring on one core what one caller does with a thread, so that contestants pay the same for it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def on_one_core() -> Iterator[None]:
    """Keep all threads of this process on one core meanwhile; where the system cannot, change nothing.

    A lone call wakes a thread and is woken by it. Where the kernel puts the two is its own affair: on one
    core that takes a few microseconds, on two of a virtual machine 30 to 50 each way. The same call of one
    contestant has taken 26 and 90 microseconds in one run, and that is not what is to be compared.
    """
    if sys.platform != "linux":
        yield
        return
    before = os.sched_getaffinity(0)
    _keep_on({min(before)})
    try:
        yield
    finally:
        _keep_on(before)


def _keep_on(cores: set[int]) -> None:
    if sys.platform == "linux":
        for thread in Path("/proc/self/task").iterdir():
            # It may have ended just now.
            with suppress(ProcessLookupError):
                os.sched_setaffinity(int(thread.name), cores)
