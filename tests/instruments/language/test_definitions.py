# SPDX-License-Identifier: GPL-3.0-or-later
"""Computed names: what they may be, how they refer to each other, what they may not reach."""

import inspect
import sys
from typing import Any

import pytest

from camcops.instruments.language.compiler import compile_tree
from camcops.instruments.language.definitions import Definitions, Source, Use, define
from camcops.instruments.language.errors import LanguageError
from camcops.instruments.language.parser import parse
from camcops.instruments.language.words import StringRef, Words
from tests.instruments.language.specimen import SCOPE, environment, score, scores


def ui(name: str) -> Words:
    return Words((StringRef("ui", name),))


SEVERITY = {"bands": "q1", "at": {0: "ui/none", 5: "ui/mild", ">9.5": "ui/severe"}}


@pytest.mark.parametrize(
    ("q1", "expected"),
    [(0, "none"), (4, "none"), (5, "mild"), (9, "mild"), (10, "severe"), (99, "severe")],
)
def test_bands_take_the_greatest_bound_reached(q1: int, expected: str) -> None:
    assert score(SEVERITY, q1=q1) == ui(expected)


def test_bands_at_the_edges() -> None:
    assert score(SEVERITY, q1=-1) is None
    assert score(SEVERITY) is None
    assert score({**SEVERITY, "else": "ui/low"}, q1=-1) == ui("low")
    at = {"missing": "unknown", 0: "ui/none"}
    assert score({"bands": "q1", "at": at}) == Words((StringRef("specimen", "unknown"),))
    both = {"bands": "x", "at": {">4.6": 3, 4.6: 2, -2: 1}}
    assert [score(both, x=x) for x in (4.6, 4.61, 4.5, -3.0)] == [2, 3, 1, None]


def test_types_of_bands() -> None:
    def type_of(content: Any) -> str:
        return str(scores(s=content).entries["s"].type)

    assert type_of(SEVERITY) == "words"
    assert type_of({"bands": "q1", "at": {0: 1, 5: 2}}) == "integer"
    assert type_of({"bands": "q1", "at": {0: 1, 5: 2.5}}) == "number"
    assert type_of({"bands": "q1", "at": {0: 1, 5: "ui/x"}}) == "words"
    assert type_of({"bands": "q1", "at": {0: 1}, "type": "number"}) == "number"
    assert score({"bands": "q1", "at": {0: 1}, "type": "text"}, q1=3) == Words(("1",))
    assert type(score({"bands": "q1", "at": {0: 1, 5: 2.5}}, q1=0)) is float


def test_cases_take_the_first_true_condition() -> None:
    moderate = {
        "cases": [{"q1 > 5 or b": False}, {"q2 is None": "None"}, {"else": "q1 >= 2 and q2 >= 6"}]
    }
    assert score(moderate, q1=6) is False
    assert score(moderate, q1=1) is None
    assert score(moderate, q1=2, q2=6) is True
    assert score({"cases": [{"b": 1}, {"c": 2.5}]}, c=True) == 2.5
    assert score({"cases": [{"b": 1}]}) is None


def test_cases_may_give_texts() -> None:
    content = {"cases": [{"b": "ui/yes"}, {"c": "{q1} of 5"}, {"else": "None"}], "type": "text"}
    assert score(content, b=True) == ui("yes")
    assert score(content, c=True, q1=3) == Words(("3 of 5",))
    assert score(content) is None


def test_values_come_out_as_their_type() -> None:
    assert type(score("x", x=2)) is float
    assert type(score({"value": "q1", "type": "number"}, q1=2)) is float
    assert type(score("max(b, c)", b=True)) is int
    assert score("b", b=True) is True
    assert score("default(option(q1), note)", note="n") == Words(("n",))


def test_procedures() -> None:
    definitions = scores(k={"from": "procedure", "type": "number"}, double="k * 2")
    env = environment(definitions, facts={"k": 1.5})
    assert (env.value("k"), env.value("double")) == (1.5, 3.0)


def test_any_order_and_memory() -> None:
    definitions = scores(s="m + 1", m="a + 1", a="q1")
    assert list(definitions.entries) == ["s", "m", "a"]
    env = environment(definitions, q1=1)
    assert env.value("s") == 3
    env.fields["q1"] = 5
    assert env.value("s") == 3
    env.set_fact("tally", 1)
    assert env.value("s") == 7


def test_groups_of_computed_names_and_texts_with_scores() -> None:
    definitions = scores(total="sum(main)", text={"cases": [{"else": "{total}"}], "type": "text"})
    assert environment(definitions, q1=4).value("text") == Words(("4",))


def test_a_condition_is_false_where_missing() -> None:
    definitions = define([Source("complete", "q1 > 1", Use.CONDITION)], SCOPE)
    assert [environment(definitions, q1=q1).value("complete") for q1 in (2, 0, None)] == [
        True,
        False,
        False,
    ]


def test_rows_see_other_rows() -> None:
    definitions = define(
        [
            Source("rank", "1 + count(t.k > row.k for t in trials)", Use.DEFINE, "trials"),
            Source("place", "row_number * 10 + row_count", Use.DEFINE, "trials"),
            Source("better", "row.rank == 1 and row.k > q1", Use.DEFINE, "trials"),
            Source("best", "join((t.code for t in trials if t.better), '')", Use.SCORE),
            Source("places", "sum(t.place for t in trials)", Use.SCORE),
            Source("block", "sum(t.k for t in trials if t.ok)", Use.SCORE),
            Source("last_k", "last(trials).k + item(trials, 1).k", Use.SCORE),
        ],
        SCOPE,
    )
    rows = [{"k": 1, "code": "a", "ok": True}, {"k": 5, "code": "b"}, {"k": 3, "ok": True}]
    env = environment(definitions, rows, q1=2)
    assert [row.value("rank") for row in env.rows["trials"]] == [3, 1, 2]
    assert env.value("best") == "b"
    assert env.value("places") == 11 * 0 + (10 + 3) + (20 + 3) + (30 + 3)
    assert (env.value("block"), env.value("last_k")) == (4, 4)
    assert env.at_row("trials", 1).row is env.rows["trials"][1]


def test_a_generator_inside_a_definition_of_another_generator() -> None:
    definitions = scores(inner="sum(v for v in main)", outer="sum(inner * v for v in main)")
    assert environment(definitions, q1=1, q2=2).value("outer") == 9


@pytest.mark.parametrize(
    ("contents", "complaint"),
    [
        ({"a": "b_", "b_": "a"}, "a → b_ → a|b_ → a → b_"),
        ({"a": "a + 1"}, "a → a"),
        ({"q1": "1"}, "two meanings"),
        ({"sum": "1"}, "function"),
        ({"a": {"value": "1", "bands": "q1"}}, "needs one of"),
        ({"a": {"label": "x"}}, "needs one of"),
        ({"a": {"bands": "note", "at": {0: 1}}}, "bands are of a number"),
        ({"a": {"bands": "q1"}}, "bands need"),
        ({"a": {"bands": "q1", "at": {"x": 1}}}, "a bound is"),
        ({"a": {"bands": "q1", "at": {0: True}}}, "number or a text"),
        ({"a": {"bands": "q1", "at": {0: 1, ">0": 3, "> 0": 4}}}, "twice"),
        ({"a": {"cases": []}}, "cases are"),
        ({"a": {"cases": [{"b": 1, "c": 2}]}}, "each case"),
        ({"a": {"cases": [{"else": 1}, {"b": 2}]}}, "else comes last"),
        ({"a": {"cases": [{"b": 1}, {"else": "'x'"}]}}, "different type"),
        ({"a": {"cases": [{"main": 1}]}}, "needs a condition"),
        ({"a": {"value": "note", "type": "integer"}}, "declared to be integer"),
        ({"a": {"value": "x", "type": "integer"}}, "declared to be integer"),
        ({"a": {"value": "b", "type": "integer"}}, "declared to be integer"),
        ({"a": {"value": "q1", "type": "float"}}, "no type float"),
        ({"a": {"from": "procedure"}}, "needs its type"),
        ({"a": {"from": "heaven", "type": "text"}}, "not from heaven"),
        ({"a": "None"}, "no type"),
        ({"a": "main"}, "one value"),
        ({"a": "last(trials)"}, "one value"),
        ({"a": "now()"}, "forms know it"),
        ({"a": ["q1"]}, "needs an expression"),
    ],
)
def test_refused(contents: dict[str, Any], complaint: str) -> None:
    with pytest.raises(LanguageError, match=complaint):
        scores(**contents)


def _defined(define_as: str, score_as: str) -> Definitions:
    return define([Source("d", define_as), Source("s", score_as, Use.SCORE)], SCOPE)


@pytest.mark.parametrize(
    "indirect", ["today() > born", "settings.limit == '1'", "option(q1) == 'a'", "now() is None"]
)
def test_nothing_stored_reaches_what_forms_know(indirect: str) -> None:
    assert _defined(indirect, "q1").entries["d"].form_only
    with pytest.raises(LanguageError, match="d reaches") as caught:
        _defined(indirect, "int(d)")
    assert caught.value.entry == "s"
    with pytest.raises(LanguageError, match="d2 reaches"):
        define(
            [
                Source("d", indirect),
                Source("d2", "not d"),
                Source("complete", "d2", Use.CONDITION),
            ],
            SCOPE,
        )


def test_words_pass_through_definitions_unexamined() -> None:
    assert _defined("option(q1)", "d").entries["s"].type.is_text
    with pytest.raises(LanguageError, match="not examined"):
        _defined("option(q1)", "1 if d == 'a' else 0")
    with pytest.raises(LanguageError, match="not examined"):
        _defined("default(string('x'), 'y')", "1 if d is None else 0")


def test_whether_a_band_was_reached_may_be_asked() -> None:
    definitions = scores(severity=SEVERITY, known="severity is not None")
    assert environment(definitions, q1=3).value("known") is True
    with pytest.raises(LanguageError, match="not examined"):
        scores(severity=SEVERITY, is_mild="severity == 'mild'")


def test_what_a_definition_reaches() -> None:
    definitions = define(
        [
            Source("r", "row.k > tally", Use.DEFINE, "trials"),
            Source("n", "count(t.r for t in trials)"),
            Source("s", "n + q1", Use.SCORE),
        ],
        SCOPE,
    )
    reached = definitions.reached(definitions.entries["s"].node)
    assert reached == {"trials", "trials.k", "tally", "q1"}


def test_long_chains_stay_within_the_stack() -> None:
    fine = {f"s{i}": f"s{i - 1} + 1" if i else "q1" for i in reversed(range(60))}
    assert environment(scores(**fine), q1=0).value("s59") == 59
    with pytest.raises(LanguageError, match="too deeply"):
        scores(**{f"s{i}": f"s{i - 1} + 1" if i else "q1" for i in reversed(range(600))})


def test_errors_name_the_entry() -> None:
    with pytest.raises(LanguageError) as caught:
        scores(good="q1", bad="good + nonsense")
    error = caught.value
    assert (error.entry, error.source, error.column) == ("bad", "good + nonsense", 8)


def test_the_deepest_that_is_accepted_can_be_computed() -> None:
    def nested(inner: str, levels: int) -> str:
        return "sum(" * levels + inner + ")" * levels

    contents = {"a": nested("sum(t.r for t in trials)", 52), "d": nested("a", 25)}
    sources = [
        Source("r", nested("row.k", 8), Use.DEFINE, "trials"),
        *(Source(name, content, Use.SCORE) for name, content in contents.items()),
    ]
    definitions = define(sources, SCOPE)
    env = environment(definitions, rows=[{"k": 2}, {"k": 3}])
    deepest = compile_tree(parse(nested("d", 75), definitions.scope))
    before, inner = len(inspect.stack()), sys.getrecursionlimit()
    sys.setrecursionlimit(before + 850)
    try:
        assert deepest(env) == 5
    finally:
        sys.setrecursionlimit(inner)
    with pytest.raises(LanguageError, match="too deeply"):
        define([*sources, Source("e", nested("d", 60), Use.SCORE)], SCOPE)
