# SPDX-License-Identifier: GPL-3.0-or-later
"""Functions of lists: each takes the members as one sequence, in which None is a missing member.

Sums add from left to right by plain addition, so that a browser comes to the same double.
"""

from collections.abc import Callable, Sequence

from camcops.instruments.language.environment import Value
from camcops.instruments.language.numbers import LARGEST_NUMBER, within

Members = Sequence[Value]


def total(members: Members) -> float:
    """The sum of the answered; 0 if there are none."""
    result: float = 0
    for member in members:
        if member is not None:
            result += member
    return result


def mean(members: Members) -> float | None:
    """Over the answered."""
    n = n_answered(members)
    return total(members) / n if n else None


def least(members: Members) -> Value:
    """The least of the answered."""
    return min((member for member in members if member is not None), default=None)


def greatest(members: Members) -> Value:
    """The greatest of the answered."""
    return max((member for member in members if member is not None), default=None)


def count(truths: Members) -> int:
    """How many are true."""
    return truths.count(True)


def any_true(truths: Members) -> bool | None:
    """`or` of all."""
    if True in truths:
        return True
    return None if None in truths else False


def all_true(truths: Members) -> bool | None:
    """`and` of all."""
    if False in truths:
        return False
    return None if None in truths else True


def n_answered(members: Members) -> int:
    """How many are not missing."""
    return len(members) - members.count(None)


def n_missing(members: Members) -> int:
    """How many are missing."""
    return members.count(None)


def answered(members: Members) -> bool:
    """Is there something answered, and nothing missing?"""
    return bool(members) and None not in members


def whole(members: Members) -> Members | None:
    """The members, if all are answered."""
    return members if answered(members) else None


def at_least(members: Members, k: int) -> Members | None:
    """The members, if k of them (and at least one) are answered."""
    return members if n_answered(members) >= max(k, 1) else None


def prorated(members: Members, k: int) -> float | None:
    """The sum, as if the unanswered were like the answered, if k of them (and one) are answered."""
    n = n_answered(members)
    if n < max(k, 1):
        return None
    product = total(members) * len(members)
    return product / n if within(product, LARGEST_NUMBER) else None


def last(members: Members) -> Value:
    """The last member."""
    return members[-1] if members else None


OF_MEMBERS: dict[str, Callable[[Members], Value]] = {
    "sum": total,
    "mean": mean,
    "min": least,
    "max": greatest,
    "answered": answered,
    "n_answered": n_answered,
    "n_missing": n_missing,
    "whole": whole,
    "len": len,
    "last": last,
}
OF_CONDITIONS: dict[str, Callable[[Members], Value]] = {
    "count": count,
    "any": any_true,
    "all": all_true,
}
WITH_NUMBER: dict[str, Callable[[Members, int], Value]] = {
    "at_least": at_least,
    "prorated": prorated,
}
