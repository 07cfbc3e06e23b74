"""Counts up in a state file that other processes use too.

Usage: count_up.py FILE TIMES
"""

from __future__ import annotations

import sys

from botkeep.objects import StatefulObject


class Counter(StatefulObject):
    def __init__(self, state_file: str) -> None:
        super().__init__(state_file=state_file)
        self.count = getattr(self, "count", 0)

    def increment(self) -> None:
        with self._locked_state():
            self.count += 1


counter = Counter(sys.argv[1])
for _ in range(int(sys.argv[2])):
    counter.increment()
