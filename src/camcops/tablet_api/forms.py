# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading the body of a tablet's request: one form, possibly with thousands of fields or with a huge one.

The body is decoded as it arrives, so that memory holds the decoded values but never the encoded body, which
is up to three times as long. A photograph should cost no more than three times its size, so its value
is never there twice for longer than it takes to make one from the other.
"""

import binascii
import re
from collections.abc import Iterator, MutableMapping
from typing import Protocol

from camcops.problems import FORM_TOO_LARGE, FORM_UNREADABLE, Problem

# A field of a request whose body is above the limit is kept only up to this size: enough to answer readably.
_SMALL_FIELD = 64 * 1024
_LONGEST_NAME = 512
_CHUNK = 256 * 1024
# A longer body is not even read to its end.
_READ_FACTOR = 4
MAXIMUM_FIELDS = 1_000_000

_BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


class MalformedForm(Exception):
    """The body is not a form."""


class OverlongBody(Exception):
    """The body is so long that it is not worth reading."""


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Form:
    """The fields of one request. A field that is present but empty counts as absent."""

    def __init__(
        self, fields: MutableMapping[str, bytearray], *, limit_exceeded: int | None = None
    ) -> None:
        self._fields = fields
        self._limit_exceeded = limit_exceeded

    def __contains__(self, name: str) -> bool:
        return bool(self._fields.get(name))

    def names(self) -> Iterator[str]:
        return iter(self._fields)

    def text(self, name: str) -> str | None:
        """The value of a field. Raises `Problem` for bytes that are not UTF-8 text and for NUL characters."""
        return self._decoded(name, self._fields.get(name))

    def take(self, name: str) -> str | None:
        """As `text`, for the last time: the form no longer holds the field then."""
        return self._decoded(name, self._fields.pop(name, None))

    @staticmethod
    def _decoded(name: str, value: bytearray | None) -> str | None:
        if not value:
            return None
        try:
            text = value.decode("utf-8")
        except UnicodeDecodeError:
            raise Problem(FORM_UNREADABLE, field=name) from None
        if "\0" in text:
            raise Problem(FORM_UNREADABLE, field=name)
        return text

    def check_size(self) -> None:
        """Raise `Problem` if the body was above the limit, so that its large fields were dropped."""
        if self._limit_exceeded is not None:
            raise Problem(FORM_TOO_LARGE, megabytes=self._limit_exceeded // 1_000_000)


def read_form(stream: Readable, length: int | None, limit: int) -> Form:
    """Read a body of `length` bytes (None: to the end of the stream).

    `limit` is the largest body, in bytes, whose fields are kept. Raises `MalformedForm` and `OverlongBody`.
    """
    if length is not None and length > limit * _READ_FACTOR:
        raise OverlongBody
    parser = _Parser(keep_all=length is None or length <= limit)
    seen = 0
    while length is None or seen < length:
        chunk = stream.read(_CHUNK if length is None else min(_CHUNK, length - seen))
        if not chunk:
            break
        seen += len(chunk)
        if seen > limit:
            parser.drop_large_fields()
        if seen > limit * _READ_FACTOR:
            raise OverlongBody
        parser.feed(chunk)
    if length is not None and seen < length:
        raise MalformedForm
    return Form(parser.finish(), limit_exceeded=limit if seen > limit else None)


class _Parser:
    """Splits the body at `&` and decodes each field piece by piece."""

    def __init__(self, *, keep_all: bool) -> None:
        self._keep_all = keep_all
        self._fields: dict[str, bytearray] = {}
        self._name: str | None = None
        self._pending = b""
        self._value = bytearray()

    def drop_large_fields(self) -> None:
        if self._keep_all:
            self._keep_all = False
            self._fields = {k: v for k, v in self._fields.items() if len(v) <= _SMALL_FIELD}

    def feed(self, chunk: bytes) -> None:
        *complete, partial = chunk.split(b"&")
        for piece in complete:
            self._extend(piece)
            self._close()
        self._extend(partial)

    def finish(self) -> dict[str, bytearray]:
        self._close()
        return self._fields

    def _extend(self, piece: bytes) -> None:
        if self._name is None:
            self._pending += piece
            name, equals, rest = self._pending.partition(b"=")
            if len(name) > _LONGEST_NAME:
                raise MalformedForm
            if not equals:
                return
            self._name = _decode_name(name)
            self._pending, piece = b"", rest
        piece = self._pending + piece
        # An escape may be cut by the end of the chunk.
        cut = piece.rfind(b"%", max(0, len(piece) - 2))
        self._pending = piece[cut:] if cut >= 0 else b""
        if self._keep_all or len(self._value) <= _SMALL_FIELD:
            self._value += percent_decode(piece[:cut] if cut >= 0 else piece)

    def _close(self) -> None:
        if self._name is None:
            if self._pending:
                raise MalformedForm
            return
        self._value += percent_decode(self._pending)
        if self._name in self._fields or len(self._fields) >= MAXIMUM_FIELDS:
            raise MalformedForm
        is_kept = self._keep_all or len(self._value) <= _SMALL_FIELD
        self._fields[self._name] = self._value if is_kept else bytearray()
        self._name, self._pending, self._value = None, b"", bytearray()


def percent_decode(encoded: bytes) -> bytes:
    """Decode `%XX` and `+`. Raises `MalformedForm` for a `%` that two hexadecimal digits do not follow."""
    if b"+" in encoded:
        encoded = encoded.replace(b"+", b" ")
    if b"%" not in encoded:
        return encoded
    if _BAD_ESCAPE.search(encoded):
        raise MalformedForm
    # Quoted-printable differs only in its escape character, and its decoder is written in C: some thirty
    # times as fast on the bodies of one-step uploads, where every third character is an escape.
    return binascii.a2b_qp(encoded.replace(b"=", b"%3D").replace(b"%", b"="))


def _decode_name(encoded: bytes) -> str:
    try:
        return percent_decode(encoded).decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedForm from None
