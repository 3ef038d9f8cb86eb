# SPDX-License-Identifier: GPL-3.0-or-later
"""Declaring a setting: its type, default, meaning and specimen, in one place.

Sections are frozen dataclasses whose attributes are the keys in lower case. The parser, the specimen
file, the checks and the documentation all read these declarations.
"""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from camcops.config.readers import Reader

T = TypeVar("T")


class Required:
    """Marks a key that has no default: leaving it out or blank is an error."""


REQUIRED = Required()


@dataclass(frozen=True, slots=True)
class Declaration:
    """What is known of one key."""

    name: str
    read: Reader[Any]
    default: Any
    says: str
    required: bool
    specimen: str | Callable[[], str] | None
    shown_default: str
    multiline: bool

    @property
    def key(self) -> str:
        return self.name.upper()


def setting(
    read: Reader[T],
    default: T | Required,
    says: str,
    *,
    specimen: str | Callable[[], str] | None = None,
    shown_default: str | None = None,
    secret: bool = False,
    multiline: bool = False,
) -> T:
    """Declare one key of a section.

    `says` explains it to an administrator. `specimen` is what a new configuration file holds where that
    is not the default. A `secret` never appears in the section's representation.
    """
    required = isinstance(default, Required)
    given = {
        "read": read,
        "says": says,
        "required": required,
        "specimen": specimen,
        "shown_default": _shown(default) if shown_default is None else shown_default,
        "multiline": multiline,
    }
    declared: Any = dataclasses.field(
        default=dataclasses.MISSING if required else default,
        repr=not secret,
        metadata={"setting": given},
    )
    return cast(T, declared)


def _shown(default: object) -> str:
    if default is None or isinstance(default, Required | tuple):
        return ""
    if isinstance(default, bool):
        return str(default).lower()
    return str(default)


def declarations(section: type) -> list[Declaration]:
    """The keys of a section class, in the order of declaration."""
    return [
        Declaration(
            name=field.name,
            default=None if field.default is dataclasses.MISSING else field.default,
            **field.metadata["setting"],
        )
        for field in dataclasses.fields(section)
        if "setting" in field.metadata
    ]
