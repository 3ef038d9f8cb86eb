# SPDX-License-Identifier: GPL-3.0-or-later
"""Value literals, the notation in which tablets write the cells of their tables.

A literal is `NULL`, a number, a quoted string, `64'…'` (base64), `X'…'` (hexadecimal), or bare text. A list
is literals between commas; the empty text is the empty list.
"""

import base64
import binascii
import io
import re
from collections.abc import Iterable
from typing import TypeAlias

Value: TypeAlias = int | float | str | bytes | None

# Characters of base64 decoded at a time: whole groups of four.
_PORTION = 4 * 65_536

_INTEGER = re.compile(r"[+-]?[0-9]{1,40}", re.ASCII)
_FLOAT = re.compile(
    r"[+-]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][+-]?[0-9]+)?", re.ASCII
)
_NOT_FINITE = re.compile(r"[+-]?(?:nan|inf|infinity)", re.ASCII | re.IGNORECASE)
_HEX = re.compile(r"X'((?:[0-9A-Fa-f]{2})+)'")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"n": "\n", "r": "\r"}


def split_items(text: str) -> list[str]:
    """The items of a list, trimmed, still encoded. An unterminated quote makes the rest one item."""
    if not text:
        return []
    items: list[str] = []
    start, comma, quote = 0, text.find(","), text.find("'")
    while comma >= 0:
        if 0 <= quote < comma:
            end = text.find("'", quote + 1)  # a doubled quote leaves and enters at once
            if end < 0:
                break
            quote = text.find("'", end + 1)
            if comma < end:
                comma = text.find(",", end + 1)
        else:
            items.append(text[start:comma].strip())
            start = comma + 1
            comma = text.find(",", start)
    items.append(text[start:].strip())
    return items


def decode(item: str) -> Value:
    """The value that one literal stands for; anything unrecognized is text as it stands."""
    item = item.strip()
    if not item or (len(item) == len("NULL") and item.upper() == "NULL"):
        return None
    if item[0] in "6X":
        binary = _decode_binary(item)
        if binary is not None:
            return binary
    if len(item) >= 2 and item[0] == "'" and item[-1] == "'":
        return _unescape(item[1:-1].replace("''", "'"))
    if _INTEGER.fullmatch(item):
        return int(item)
    if _FLOAT.fullmatch(item):
        return float(item)
    if _NOT_FINITE.fullmatch(item):
        return float(item)
    return item


def decode_list(text: str) -> list[Value]:
    """The values of a list. Only one of text, item and value of a photograph is there at a time."""
    items = split_items(text)[::-1]
    del text
    values: list[Value] = []
    while items:
        values.append(decode(items.pop()))
    return values


def encode(value: Value) -> str:
    """The literal for a value. Strings are always quoted; the result never holds a line break."""
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        return "64'" + base64.b64encode(value).decode("ascii") + "'"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
        return "'" + escaped.replace("'", "''") + "'"
    return str(int(value)) if isinstance(value, int) else repr(value)


def encode_list(values: Iterable[Value]) -> str:
    return ",".join(encode(value) for value in values)


def _decode_binary(item: str) -> bytes | None:
    # Old encoders broke base64 into lines.
    compact = "".join(item.split())
    if compact.startswith("64'") and compact.endswith("'") and len(compact) >= 4:
        return _decode_base64(compact, 3, len(compact) - 1)
    matched = _HEX.fullmatch(compact)
    return bytes.fromhex(matched[1]) if matched else None


def _decode_base64(text: str, start: int, end: int) -> bytes | None:
    """The bytes between two places of a text, a portion after the other; None if it is no base64."""
    decoded = io.BytesIO()
    for begin in range(start, end, _PORTION):
        portion = text[begin : min(begin + _PORTION, end)]
        if portion.endswith("=") and begin + _PORTION < end:
            return None
        try:
            decoded.write(binascii.a2b_base64(portion, strict_mode=True))
        except ValueError:
            return None
    return decoded.getvalue()


def _unescape(text: str) -> str:
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[1]), text)
