# SPDX-License-Identifier: GPL-3.0-or-later
"""Form fields that hold JSON, read strictly: each key once, no overlong numbers, not nested without end."""

import json
from typing import Any, NoReturn

from camcops.problems import FIELD_REQUIRED, FIELD_WRONG, Problem
from camcops.tablet_api.forms import Form


class _Unacceptable(ValueError):
    pass


def read_json(form: Form, name: str) -> Any:
    """Take a required field that holds JSON; its value. Raises `Problem`, naming the field."""
    text = form.take(name)
    if text is None:
        raise Problem(FIELD_REQUIRED, field=name)
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant)
    except _Unacceptable as fault:
        raise Problem(FIELD_WRONG, field=name, reason=str(fault)) from None
    except RecursionError:
        raise Problem(FIELD_WRONG, field=name, reason="JSON nested too deeply") from None
    except ValueError:
        raise Problem(FIELD_WRONG, field=name, reason="not readable as JSON") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Unacceptable("a key stands twice in one JSON object")
    return found


def _no_constant(word: str) -> NoReturn:
    raise _Unacceptable(f"{word} is not JSON")
