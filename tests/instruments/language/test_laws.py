# SPDX-License-Identifier: GPL-3.0-or-later
"""Random expressions over random answers: nothing raises, and the static type holds."""

from datetime import UTC, date, datetime, time
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from camcops.instruments.language.compiler import compile_tree
from camcops.instruments.language.errors import LanguageError
from camcops.instruments.language.parser import parse
from camcops.instruments.language.types import Type
from camcops.instruments.language.words import Words
from tests.instruments.language.specimen import FIELDS, SCOPE, environment, value_of

_ANSWERS = {
    "integer": st.integers(-(2**53) + 1, 2**53 - 1) | st.integers(-9, 9),
    "number": st.floats(allow_nan=False, allow_infinity=False) | st.integers(-9, 9).map(float),
    "boolean": st.booleans(),
    "text": st.text(min_size=1, max_size=9) | st.sampled_from(["1", "a,b", "yes_text"]),
    "date": st.dates(),
    "time": st.times(),
    "datetime": st.datetimes(timezones=st.just(UTC)),
}
_PYTHON: dict[str, type | tuple[type, ...]] = {
    "integer": int,
    "number": float,
    "boolean": bool,
    "text": str,
    "words": Words,
    "wording": Words,
    "date": date,
    "time": time,
    "datetime": datetime,
}


def answers() -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {name: st.none() | _ANSWERS[str(type_)] for name, type_ in FIELDS.items()}
    )


def rows() -> st.SearchStrategy[list[dict[str, Any]]]:
    row = st.fixed_dictionaries(
        {
            "k": st.none() | _ANSWERS["integer"],
            "code": st.none() | _ANSWERS["text"],
            "ok": st.none() | st.booleans(),
        }
    )
    return st.lists(row, max_size=4)


_NUMBERS = st.sampled_from(
    ["q1", "q2", "q3", "x", "y", "b", "0", "1", "-3", "2.5", "last(trials).k"]
)
_CONDITIONS = st.sampled_from(
    ["b", "c", "valid", "(note is None)", "True", "(born < seen)", "(start == stop)"]
)
_LISTS = st.sampled_from(
    [
        "main",
        "q{1..3}",
        "[x, y, q1]",
        "[b, c]",
        "(t.k for t in trials)",
        "(v for v in main if v > 1)",
    ]
)
_TEXTS = st.sampled_from(["note", "codes", "'a'", "item(codes, 1)", "concat(q1, '-', x)"])
_OPERATORS = st.sampled_from(["+", "-", "*", "/", "//", "%", "**"])
_COMPARISONS = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])


def numbers() -> st.SearchStrategy[str]:
    return st.recursive(_NUMBERS, _larger_number, max_leaves=6)


def _larger_number(of: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    whole = of.map(lambda e: f"floor({e})")
    lists = _LISTS | st.lists(of, min_size=1, max_size=3).map(lambda items: f"[{', '.join(items)}]")
    one = st.sampled_from("abs floor ceil sqrt ln log10 exp round".split())
    many = st.sampled_from("sum mean min max count n_answered n_missing".split())
    return st.one_of(
        st.builds("({} {} {})".format, of, st.sampled_from(["+", "-", "*", "/", "**"]), of),
        st.builds("({} {} {})".format, whole, st.sampled_from(["//", "%"]), whole),
        st.builds("{}({})".format, one, of),
        st.builds("{}({})".format, many, lists),
        st.builds("{}({}, {})".format, many, lists, of),
        st.builds("prorated({}, {})".format, lists, whole),
        st.builds("sum(at_least({}, 2))".format, lists),
        st.builds("mean(whole({}))".format, lists),
        st.builds("round({}, {})".format, of, whole),
        st.builds("clamp({}, {}, {})".format, of, of, of),
        st.builds("reverse({}, {}, {})".format, of, of, of),
        st.builds("default({}, {})".format, whole, whole),
        st.builds("keep({}, {})".format, of, lists),
        st.builds("item({}, {})".format, lists, whole),
        st.builds("recode({}, {{1: 2, 0: 7}}, 9)".format, of),
        st.builds("(1.5 if {} else 2)".format, of),
        st.sampled_from(
            [
                "number(note)",
                "years_between(born, seen)",
                "days_between(start, born)",
                "minutes_between(start, stop)",
                "minutes_between(up, bed)",
                "month(stop)",
            ]
        ),
    )


def conditions() -> st.SearchStrategy[str]:
    leaves = st.one_of(
        _CONDITIONS,
        st.builds("({} {} {})".format, numbers(), _COMPARISONS, numbers()),
        st.builds("({} in {})".format, numbers(), _LISTS),
        st.builds("({} == {})".format, _TEXTS, _TEXTS),
        st.builds("answered({})".format, _LISTS),
    )
    return st.recursive(
        leaves,
        lambda of: st.one_of(
            st.builds("({} and {})".format, of, of),
            st.builds("({} or {})".format, of, of),
            st.builds("(not {})".format, of),
            st.builds("({} is None)".format, of),
            st.builds("({} is True)".format, of),
            st.builds("({} if {} else {})".format, of, of, of),
            st.builds("any({}, {})".format, of, of),
            st.builds("all({}, {})".format, of, of),
        ),
        max_leaves=4,
    )


def holds(value: Any, type_: Type) -> bool:
    if value is None:
        return True
    expected = _PYTHON[str(type_)]
    return isinstance(value, expected) and (isinstance(value, bool) == (str(type_) == "boolean"))


@settings(max_examples=150, deadline=None)
@given(numbers() | conditions() | _TEXTS, answers(), rows())
def test_nothing_raises_and_the_type_holds(
    expression: str, given_: dict[str, Any], trials: list[dict[str, Any]]
) -> None:
    node = parse(expression, SCOPE)
    value = compile_tree(node)(environment(rows=trials, **given_))
    assert holds(value, node.type), (expression, node.type, value)
    assert value == value


@settings(max_examples=300, deadline=None)
@given(st.text("q1xb+-*/()[]{}'\",.: <>=!andorntifelsumforv\\#@~é\0", max_size=25))
def test_whatever_is_written_is_read_or_refused(expression: str) -> None:
    try:
        node = parse(expression, SCOPE)
    except LanguageError as error:
        column = error.column
    else:
        column = 0
        compile_tree(node)(environment(q1=1, x=2.0))
    assert 0 <= column <= len(expression.strip()) + 1


def _items() -> st.SearchStrategy[dict[str, int | None]]:
    return st.fixed_dictionaries({f"q{i}": st.none() | st.integers(-9, 99) for i in range(1, 6)})


@settings(deadline=None)
@given(_items())
def test_laws_of_lists(items: dict[str, int | None]) -> None:
    known = [value for value in items.values() if value is not None]
    of = lambda expression: value_of(expression, **items)  # noqa: E731
    assert of("n_answered(main) + n_missing(main) == len(main)") is True
    assert of("answered(main)") is (len(known) == 5)
    if not known:
        assert of("sum(main)") == 0
        assert of("mean(main)") is None
        return
    assert of("sum(main) <= max(main) * n_answered(main)") is True
    assert of("min(main) <= mean(main) <= max(main)") is True
    assert of("prorated(main, 1) * n_answered(main) == sum(main) * 5") in (True, False)
    assert abs(of("prorated(main, 1)") - sum(known) * 5 / len(known)) < 1e-9
    assert of("clamp(q1, 0, 3) in [0, 1, 2, 3]") is (None if items["q1"] is None else True)
    assert of("reverse(reverse(q1, 1, 5), 1, 5) == q1") is (None if items["q1"] is None else True)
    assert of("q1 // 3 * 3 + q1 % 3 == q1") is (None if items["q1"] is None else True)
