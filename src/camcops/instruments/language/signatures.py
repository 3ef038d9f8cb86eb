# SPDX-License-Identifier: GPL-3.0-or-later
"""Every function of the language: how it is called, and the rule of its types."""

from dataclasses import dataclass

from camcops.instruments.language.call_sites import Typing
from camcops.instruments.language.list_typing import (
    of_conditions,
    of_whatever,
    type_of_at_least,
    type_of_extreme,
    type_of_last,
    type_of_len,
    type_of_mean,
    type_of_prorated,
    type_of_sum,
    type_of_whole,
)
from camcops.instruments.language.text_typing import (
    type_of_concat,
    type_of_item,
    type_of_join,
    type_of_option,
    type_of_string,
    type_of_ticked,
)
from camcops.instruments.language.types import BOOLEAN, DATE, DATETIME, INTEGER, NUMBER
from camcops.instruments.language.value_typing import (
    of_dates,
    of_nothing,
    of_numbers,
    type_of_default,
    type_of_int,
    type_of_keep,
    type_of_minutes,
    type_of_number,
    type_of_recode,
)


@dataclass(frozen=True, slots=True)
class Function:
    """A function: its usage, the least and most arguments it takes, and its typing."""

    usage: str
    least: int
    most: int | None
    typing: Typing


FUNCTIONS: dict[str, Function] = {
    "sum": Function("sum(…)", 1, None, type_of_sum),
    "count": Function("count(…)", 1, None, of_conditions(INTEGER)),
    "mean": Function("mean(…)", 1, None, type_of_mean),
    "min": Function("min(…)", 1, None, type_of_extreme),
    "max": Function("max(…)", 1, None, type_of_extreme),
    "any": Function("any(…)", 1, None, of_conditions(BOOLEAN)),
    "all": Function("all(…)", 1, None, of_conditions(BOOLEAN)),
    "answered": Function("answered(…)", 1, None, of_whatever(BOOLEAN)),
    "n_answered": Function("n_answered(…)", 1, None, of_whatever(INTEGER)),
    "n_missing": Function("n_missing(…)", 1, None, of_whatever(INTEGER)),
    "whole": Function("whole(…)", 1, None, type_of_whole),
    "at_least": Function("at_least(list, k)", 2, 2, type_of_at_least),
    "prorated": Function("prorated(list, k)", 2, 2, type_of_prorated),
    "len": Function("len(list)", 1, 1, type_of_len),
    "last": Function("last(rows)", 1, 1, type_of_last),
    "default": Function("default(a, b, …)", 1, None, type_of_default),
    "keep": Function("keep(x, list)", 2, 2, type_of_keep),
    "reverse": Function("reverse(x, lo, hi)", 3, 3, of_numbers()),
    "clamp": Function("clamp(x, lo, hi)", 3, 3, of_numbers()),
    "recode": Function("recode(x, {from: to, …}, other)", 2, 3, type_of_recode),
    "int": Function("int(c)", 1, 1, type_of_int),
    "number": Function("number(text)", 1, 1, type_of_number),
    "round": Function("round(x, dp)", 1, 2, of_numbers(optional_integer_last=True)),
    "floor": Function("floor(x)", 1, 1, of_numbers(INTEGER)),
    "ceil": Function("ceil(x)", 1, 1, of_numbers(INTEGER)),
    "abs": Function("abs(x)", 1, 1, of_numbers()),
    "sqrt": Function("sqrt(x)", 1, 1, of_numbers(NUMBER)),
    "ln": Function("ln(x)", 1, 1, of_numbers(NUMBER)),
    "log10": Function("log10(x)", 1, 1, of_numbers(NUMBER)),
    "exp": Function("exp(x)", 1, 1, of_numbers(NUMBER)),
    "years_between": Function("years_between(a, b)", 2, 2, of_dates(INTEGER)),
    "days_between": Function("days_between(a, b)", 2, 2, of_dates(INTEGER)),
    "minutes_between": Function("minutes_between(a, b)", 2, 2, type_of_minutes),
    "month": Function("month(d)", 1, 1, of_dates(INTEGER)),
    "concat": Function("concat(…)", 1, None, type_of_concat),
    "join": Function("join(list, sep)", 2, 2, type_of_join),
    "item": Function("item(list, i)", 2, 2, type_of_item),
    "string": Function("string(name)", 1, 1, type_of_string),
    "option": Function("option(field)", 1, 1, type_of_option),
    "ticked": Function("ticked(list)", 1, 1, type_of_ticked),
    "today": Function("today()", 0, 0, of_nothing(DATE)),
    "now": Function("now()", 0, 0, of_nothing(DATETIME)),
}
