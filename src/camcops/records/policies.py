# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies: what a group demands to be known of a patient before records are uploaded or finalized.

A policy is words and `AND`, `OR`, `NOT`, `( )`, in any case. `AND` and `OR` have equal precedence and are
taken from left to right, as on the tablet; `NOT` applies to the next operand.
"""

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

WORDS = frozenset({"forename", "surname", "sex", "dob", "address", "email", "gp", "otherdetails"})

_TOKEN = re.compile(r"\s*([()]|[^\s()]+)")
_IDNUM = re.compile(r"idnum([0-9]{1,9})", re.ASCII)
_DEEPEST = 50


@dataclass(frozen=True, slots=True)
class PatientItems:
    """What is known of a patient: the policy words that hold, and the types of ID number present."""

    words: frozenset[str]
    idnums: frozenset[int]


_Test: TypeAlias = Callable[[PatientItems], bool]


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy ready to be applied. One that is empty or malformed is satisfied by nobody."""

    text: str
    valid: bool
    _test: _Test

    def satisfied_by(self, patient: PatientItems) -> bool:
        return self._test(patient)


class _MalformedPolicy(Exception):
    pass


@functools.lru_cache(maxsize=256)
def parse_policy(text: str | None) -> Policy:
    """Read a policy. Never raises: see `Policy.valid`."""
    text = text or ""
    tokens = [token.lower() for token in _TOKEN.findall(text)]
    named = frozenset(int(found[1]) for token in tokens if (found := _IDNUM.fullmatch(token)))
    try:
        reader = _Reader(tokens, named)
        test = reader.expression()
        if reader.rest:
            raise _MalformedPolicy
    except _MalformedPolicy:
        return Policy(text, False, lambda patient: False)
    return Policy(text, True, test)


def idnums_named(text: str) -> frozenset[int]:
    """The types of ID number that a policy names."""
    words = _TOKEN.findall(text.lower())
    return frozenset(int(found[1]) for word in words if (found := _IDNUM.fullmatch(word)))


class _Reader:
    """Recursive descent over the words of a policy."""

    def __init__(self, tokens: list[str], named: frozenset[int]) -> None:
        self.rest = list(reversed(tokens))
        self._named = named
        self._depth = 0

    def expression(self) -> _Test:
        left = self._operand()
        while self.rest and self.rest[-1] in ("and", "or"):
            left = _joined(self.rest.pop(), left, self._operand())
        return left

    def _operand(self) -> _Test:
        if not self.rest:
            raise _MalformedPolicy
        self._depth += 1
        if self._depth > _DEEPEST:
            raise _MalformedPolicy
        test = self._after(self.rest.pop())
        self._depth -= 1
        return test

    def _after(self, token: str) -> _Test:
        if token == "not":  # noqa: S105 (a word of the policy language)
            operand = self._operand()
            return lambda patient: not operand(patient)
        if token == "(":  # noqa: S105
            inside = self.expression()
            if not self.rest or self.rest.pop() != ")":
                raise _MalformedPolicy
            return inside
        return self._word(token)

    def _word(self, token: str) -> _Test:
        if token in WORDS:
            return lambda patient: token in patient.words
        if token == "anyidnum":  # noqa: S105
            return lambda patient: bool(patient.idnums)
        if token == "otheridnum":  # noqa: S105
            named = self._named
            return lambda patient: bool(patient.idnums - named)
        if found := _IDNUM.fullmatch(token):
            which = int(found[1])
            return lambda patient: which in patient.idnums
        raise _MalformedPolicy


def _joined(operator: str, left: _Test, right: _Test) -> _Test:
    if operator == "and":
        return lambda patient: left(patient) and right(patient)
    return lambda patient: left(patient) or right(patient)
