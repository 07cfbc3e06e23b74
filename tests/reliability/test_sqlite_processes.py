"""Several processes on one SQLite file: nothing lost, nothing counted twice, one winner."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from botkeep import SQLiteStorage

PROGRAM = Path(__file__).parent / "programs" / "work_together.py"
PROCESSES, TASKS, REPEATS = 4, 25, 10
CALLS = PROCESSES * TASKS * REPEATS


def worked_together(database: Path) -> dict[str, Any]:
    """Start the processes, let them go at the same moment; return what each of their tasks says it did."""
    with ExitStack() as stack:
        crowd = [
            stack.enter_context(
                subprocess.Popen(  # noqa: S603 # our own file
                    [sys.executable, PROGRAM, database, str(name), str(TASKS), str(REPEATS)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for name in range(PROCESSES)
        ]
        for process in crowd:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in crowd:
            assert process.stdin is not None
            print("go", file=process.stdin, flush=True)
        reports = [json.loads(process.communicate()[0]) for process in crowd]
    return {task: report for reports_of_one in reports for task, report in reports_of_one.items()}


async def test_four_processes_of_25_tasks_each_lose_no_increment_and_no_update(tmp_path: Path) -> None:
    reports = worked_together(tmp_path / "shared.db")
    async with SQLiteStorage(tmp_path / "shared.db") as storage:
        counter, tally = await storage.get_state("counter"), await storage.get_state("tally")
        seats = [await storage.get_state(f"seat:{number}") for number in range(REPEATS)]

    assert counter == CALLS
    assert sorted(total for report in reports.values() for total in report["totals"]) == list(
        range(1, CALLS + 1)
    )
    assert tally == dict.fromkeys(reports, REPEATS)
    assert [
        [name for name, report in reports.items() if number in report["seats"]] for number in range(REPEATS)
    ] == [[winner] for winner in seats]
