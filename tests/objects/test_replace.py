"""Live containers and dataclasses take over new content in place, wholly or not at all."""

from __future__ import annotations

import copy
from dataclasses import FrozenInstanceError, dataclass, field
from typing import Any

import pytest

from botkeep.errors import DocumentError
from botkeep.objects import exclude, replace_dataclass, replace_dict, replace_list, replace_set, to_dict


@dataclass
class Point:
    x: float
    y: float = 0.0


@dataclass(frozen=True)
class Fixed:
    x: int


@dataclass
class Robot:
    name: str
    position: Point
    target: Point | None = None
    anchor: Fixed = Fixed(0)
    path: list[Point] = field(default_factory=list)
    driver: object = field(default_factory=object, metadata=exclude)


@pytest.fixture
def robot() -> Robot:
    return Robot("Wall-E", Point(1, 2), target=Point(3), anchor=Fixed(1), path=[Point(5)])


def test_the_content_of_a_dict_is_replaced_and_the_dict_stays() -> None:
    points = {"a": Point(1)}
    same = points
    replace_dict(points, Point, {"b": {"x": 2}, "c": {"x": 3, "y": 4}})

    assert same == {"b": Point(2), "c": Point(3, 4)}
    assert list(same) == ["b", "c"]


def test_the_content_of_a_list_is_replaced_and_the_list_stays() -> None:
    points = [Point(1), Point(2)]
    same = points
    replace_list(points, Point, [{"x": 3}])

    assert same == [Point(3)]


def test_the_content_of_a_set_is_replaced_and_the_set_stays() -> None:
    fixed = {Fixed(1)}
    same = fixed
    replace_set(fixed, Fixed, [{"x": 2}, {"x": 3}, {"x": 2}])

    assert same == {Fixed(2), Fixed(3)}


def test_plain_items_are_checked_too() -> None:
    numbers = {1}
    replace_set(numbers, int, [2, 3])
    with pytest.raises(DocumentError, match="Expected `int`, got `str`"):
        replace_set(numbers, int, [4, "5"])

    assert numbers == {2, 3}


def test_what_does_not_fit_leaves_containers_as_they_are() -> None:
    mapping, items, fixed = {"a": Point(1)}, [Point(1)], {Fixed(1)}
    before = copy.deepcopy((mapping, items, fixed))
    with pytest.raises(DocumentError) as in_dict:
        replace_dict(mapping, Point, {"b": {"x": 2}, "c": {"x": "far"}})
    with pytest.raises(DocumentError) as in_list:
        replace_list(items, Point, [{"x": 3}, {}])
    with pytest.raises(DocumentError):
        replace_set(fixed, Fixed, [{"x": 2}, {"x": None}])
    with pytest.raises(TypeError, match="unhashable"):
        replace_set(set[Point](), Point, [{"x": 2}])

    assert (mapping, items, fixed) == before
    assert (in_dict.value.path, in_list.value.path) == ("['c'].x", "[1]")


def test_a_container_may_be_replaced_by_itself() -> None:
    points = [Point(1)]
    replace_list(points, Point, points)
    replace_list(points, Point, (point for point in points))

    assert points == [Point(1)]


def test_the_fields_of_a_dataclass_are_replaced_and_nested_ones_stay_the_same_objects(robot: Robot) -> None:
    position, target, driver = robot.position, robot.target, robot.driver
    replace_dataclass(
        robot,
        {
            "name": "Eve",
            "position": {"x": 7, "y": 8},
            "target": {"x": 9},
            "anchor": {"x": 2},
            "path": [{"x": 1}],
        },
    )

    assert robot == Robot("Eve", Point(7, 8), Point(9), Fixed(2), [Point(1)], driver)
    assert robot.position is position
    assert robot.target is target


def test_what_to_dict_gave_restores_a_dataclass(robot: Robot) -> None:
    plain, driver = to_dict(robot), robot.driver
    restored = Robot("", Point(0), driver=driver)
    replace_dataclass(restored, plain)

    assert restored == robot


def test_missing_fields_get_their_defaults_and_excluded_ones_stay(robot: Robot) -> None:
    driver = robot.driver
    replace_dataclass(robot, {"name": "Eve", "position": {"x": 1}, "target": None})

    assert robot == Robot("Eve", Point(1, 0.0), None, Fixed(0), [], driver)


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"position": {"y": 1}}, "position.x"),
        ({"position": {"x": "far"}}, "position.x"),
        ({"path": [{"x": 1}, {"x": "far"}]}, "path[1].x"),
        ({"target": {"x": []}}, "target.x"),
        ({"name": 5}, "name"),
        ({"position": None}, "position"),
    ],
)
def test_what_does_not_fit_leaves_the_dataclass_as_it_is(robot: Robot, change: Any, path: str) -> None:
    before = copy.deepcopy(to_dict(robot))
    with pytest.raises(DocumentError) as caught:
        replace_dataclass(robot, {**before, "name": "Eve", **change})

    assert to_dict(robot) == before
    assert caught.value.path == path


def test_a_required_field_that_is_missing_is_named(robot: Robot) -> None:
    with pytest.raises(DocumentError, match="position: is missing, and has no default"):
        replace_dataclass(robot, {"name": "Eve"})

    assert robot.name == "Wall-E"


def test_a_frozen_dataclass_says_what_to_do() -> None:
    with pytest.raises(FrozenInstanceError, match=r"Fixed is frozen: make a new one by from_dict\(\)"):
        replace_dataclass(Fixed(1), {"x": 2})
