"""A nested dataclass of 20 fields to a dict and back, beside pydantic, msgspec and dataclasses-json.

``from_dict`` and ``to_dict`` check every type. On the way in pydantic and msgspec do, too; on the way out
pydantic warns of some misfits, msgspec checks none. dataclasses-json checks next to nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
from dataclasses_json import DataClassJsonMixin
from pydantic import TypeAdapter

from benchmarks.rows import AtLeast, Row
from benchmarks.runner import Rival, Scale, Turn, race
from botkeep.objects import from_dict, to_dict

_NAME: Final = "dataclasses-json"


@dataclass
class Motor:
    name: str
    speed: float
    current: float
    temperature: float
    enabled: bool = True


@dataclass
class Pose:
    x: float
    y: float
    yaw: float = 0.0


@dataclass
class Robot(DataClassJsonMixin):
    """Twenty fields, of which ten are or hold dataclasses."""

    name: str
    serial: int
    firmware: str
    pose: Pose
    home: Pose
    target: Pose | None
    left: Motor
    right: Motor
    arm: Motor
    path: list[Pose]
    history: list[Pose]
    motors: dict[str, Motor]
    tags: list[str]
    limits: dict[str, float]
    battery: float = 1.0
    charging: bool = False
    errors: list[str] = field(default_factory=list)
    note: str | None = None
    hours: int = 0
    places: dict[str, Pose] = field(default_factory=dict)


def _robot() -> Robot:
    motor, pose = Motor("m", 1.5, 0.2, 41.0), Pose(1.0, 2.0, 0.5)
    return Robot(
        "Wall-E",
        7,
        "1.2.3",
        pose,
        pose,
        pose,
        motor,
        motor,
        motor,
        [pose] * 10,
        [pose] * 10,
        {"front": motor, "back": motor},
        ["yard", "night"],
        {"speed": 2.0, "current": 5.0},
        places={"dock": pose, "shed": pose},
    )


async def run(scale: Scale) -> list[Row]:
    robot = _robot()
    plain = robot.to_dict()
    pydantic = TypeAdapter(Robot)
    assert from_dict(Robot, plain) == Robot.from_dict(plain) == pydantic.validate_python(plain) == robot
    assert to_dict(robot) == pydantic.dump_python(robot) == msgspec.to_builtins(robot) == plain
    calls = scale.of(500)
    return [
        *await race(
            scale,
            "from_dict",
            "calls/s",
            _rate(lambda: from_dict(Robot, plain), 20 * calls),
            Rival(_NAME, _rate(lambda: Robot.from_dict(plain), calls), AtLeast(5)),
            Rival("pydantic", _rate(lambda: pydantic.validate_python(plain), 20 * calls), AtLeast(1)),
            Rival("msgspec", _rate(lambda: msgspec.convert(plain, Robot), 20 * calls)),
        ),
        *await race(
            scale,
            "to_dict",
            "calls/s",
            _rate(lambda: to_dict(robot), 20 * calls),
            Rival(_NAME, _rate(robot.to_dict, calls), AtLeast(3)),
            Rival("pydantic", _rate(lambda: pydantic.dump_python(robot), 20 * calls), AtLeast(0.5)),
            Rival("msgspec", _rate(lambda: msgspec.to_builtins(robot), 20 * calls)),
        ),
    ]


def _rate(call: Callable[[], Any], calls: int) -> Turn:
    async def turn() -> float:
        begin = time.perf_counter()
        for _ in range(calls):
            call()
        return calls / (time.perf_counter() - begin)

    return turn
