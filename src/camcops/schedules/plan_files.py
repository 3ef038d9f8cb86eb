# SPDX-License-Identifier: GPL-3.0-or-later
"""Files (YAML or JSON) in which an administrator describes a schedule or a patient. All faults at once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from camcops.instruments.faults import Fault, Faults
from camcops.instruments.library import Library
from camcops.instruments.yaml_reader import YamlList, YamlMap, parse_yaml
from camcops.problems import PLAN_UNREADABLE, Problem
from camcops.schedules.task_schedules import ScheduleItem

LATEST_DAY: Final = 36_500
_ITEM_KEYS = ("task", "due_from", "due_within")


@dataclass(frozen=True, slots=True)
class SchedulePlan:
    """A schedule to be made, in a group by its name."""

    name: str
    group: str
    items: tuple[ScheduleItem, ...]


@dataclass(frozen=True, slots=True)
class PatientPlan:
    """A patient to be made, in a group by its name; `details` still unchecked."""

    group: str
    details: Mapping[str, Any]


class _Reading:
    """One file while it is read."""

    def __init__(self, text: str, path: Path) -> None:
        self.path = path
        self.faults = Faults()
        self.top: YamlMap = parse_yaml(text, path, self.faults) or YamlMap(0, flow=False)

    def fault(self, line: int, says: str) -> None:
        self.faults.add(Fault(self.path, line, says))

    def text(self, key: str) -> str:
        value = self.top.get(key)
        if not isinstance(value, str) or not value:
            self.fault(self.top.line_of(key), f"{key} is needed, as text")
            return ""
        return value

    def only(self, mapping: YamlMap, known: tuple[str, ...]) -> None:
        for key in mapping:
            if key not in known:
                says = f"there is no key {key!r} here; known are {', '.join(known)}"
                self.fault(mapping.line_of(key), says)

    def finish(self) -> None:
        if self.faults:
            listed = "\n".join(f"  {fault}" for fault in self.faults)
            raise Problem(PLAN_UNREADABLE, path=self.path, faults=listed)


def read_schedule(text: str, path: Path, library: Library) -> SchedulePlan:
    """Read `name`, `group` and `items`, each with `task`, `due_from` and `due_within` in days.

    `path` is what the file is called in messages. Raises `Problem`.
    """
    reading = _Reading(text, path)
    if not reading.faults:
        reading.only(reading.top, ("name", "group", "items"))
        name, group = reading.text("name"), reading.text("group")
        items = tuple(_items(reading, library))
    reading.finish()
    return SchedulePlan(name, group, items)


def read_patient(text: str, path: Path) -> PatientPlan:
    """Read `group`; every other key is a detail. Raises `Problem`."""
    reading = _Reading(text, path)
    if not reading.faults:
        group = reading.text("group")
    reading.finish()
    details = {str(key): value for key, value in reading.top.items() if key != "group"}
    return PatientPlan(group, details)


def read_settings(text: str, path: Path, library: Library) -> Mapping[str, Any]:
    """Read what an app is to be told about tasks: for each task's table, a mapping. Raises `Problem`."""
    reading = _Reading(text, path)
    for table, settings in reading.top.items():
        if table not in library:
            reading.fault(reading.top.line_of(table), f"there is no task {table!r}")
        elif not isinstance(settings, dict):
            reading.fault(reading.top.line_of(table), f"{table}: a mapping is needed")
    reading.finish()
    return reading.top


def _items(reading: _Reading, library: Library) -> Iterator[ScheduleItem]:
    items = reading.top.get("items")
    if not isinstance(items, YamlList) or not items:
        reading.fault(reading.top.line_of("items"), "items is needed, as a list")
        return
    for place, item in enumerate(items):
        if not isinstance(item, YamlMap):
            reading.fault(items.line_of(place), f"an item has {', '.join(_ITEM_KEYS)}")
            continue
        reading.only(item, _ITEM_KEYS)
        task = item.get("task")
        if not isinstance(task, str) or task not in library:
            reading.fault(item.line_of("task"), f"there is no task {task!r}")
            continue
        first = _days(reading, item, "due_from", least=0)
        yield ScheduleItem(task, first, first + _days(reading, item, "due_within", least=1))


def _days(reading: _Reading, item: YamlMap, key: str, *, least: int) -> int:
    value = item.get(key)
    if type(value) is not int or not least <= value <= LATEST_DAY:
        says = f"{key} is needed, as a whole number of days from {least} to {LATEST_DAY}"
        reading.fault(item.line_of(key), says)
        return least
    return value
