# SPDX-License-Identifier: GPL-3.0-or-later
"""Which words are found: a site's before ours, language by language."""

from pathlib import Path

import pytest

from camcops.instruments.language.words import StringRef, Words
from camcops.instruments.library import load_library
from camcops.instruments.string_xml import read_string_file
from camcops.problems import Problem


def xml(folder: Path, inside: str, head: str = '<?xml version="1.0" encoding="latin-1"?>') -> Path:
    path = folder / "site.xml"
    path.write_text(f"{head}\n<resources>{inside}</resources>", "utf-8")
    return path


def texts(folder: Path, inside: str) -> list[str]:
    return [string.text for string in read_string_file(xml(folder, inside))]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("  plain \n", "plain"),
        ("a\\nb\\tc\\\\d", "a\nbtc\\d"),
        ("end\\", "end"),
        ("&lt;b&gt;x&lt;/b&gt; &amp; y", "<b>x</b> & y"),
        ("1 &lt; <b>2 &amp; 3</b><br/>é", "1 &lt; <b>2 &amp; 3</b><br/>é"),
        ('<a href="x">y</a>', '<a href="x">y</a>'),
        ("", ""),
    ],
)
def test_content_of_a_site_string(tmp_path: Path, content: str, text: str) -> None:
    assert texts(tmp_path, f'<task name="t"><string name="s">{content}</string></task>') == [text]


def test_what_is_not_a_string_is_passed_over(tmp_path: Path) -> None:
    inside = (
        '<task><string name="a">no</string></task><other name="t"><string name="b">no</string></other>'
        '<task name="t"><string>no</string><x name="c">no</x>'
        '<string name="d" formatted="f">yes</string></task>'
    )
    assert texts(tmp_path, inside) == ["yes"]


def test_entities_may_not_be_declared(tmp_path: Path) -> None:
    path = xml(tmp_path, "&e;", '<!DOCTYPE resources [<!ENTITY e "boom">]>')
    with pytest.raises(Problem, match="line 1: it declares an entity"):
        read_string_file(path)


def test_a_broken_file_names_its_line(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="line 3"):
        read_string_file(xml(tmp_path, "<task>\n</tusk>"))


def test_order_of_look_up(tmp_path: Path) -> None:
    inside = (
        '<task name="phq9"><string name="q1">bare</string></task>'
        '<task name="phq9" locale="en_GB"><string name="q2">British</string></task>'
        '<task name="phq9" locale="da_DK"><string name="q2">dansk</string></task>'
        '<task name="phq9" locale="da_DK"><string name="q2">dansk igen</string></task>'
    )
    strings = load_library((), [xml(tmp_path, inside)]).strings
    assert strings.text("phq9", "q1") == "bare"
    assert strings.text("phq9", "q2") == "British"
    assert strings.text("phq9", "q2", "da_DK") == "dansk igen"
    assert strings.text("phq9", "q2", "da_XX") == "dansk igen"
    assert strings.text("phq9", "q2", "fr_FR") == "British"
    assert strings.text("phq9", "q3", "fr_FR").startswith("Trouble falling")
    assert strings.has_wording("phq9")
    assert not strings.has_wording("gad7")
    assert ("phq9", "q1", "", "bare") in set(strings.rows(["phq9"]))


def test_without_a_text_the_topic_then_the_name_stands() -> None:
    strings = load_library().strings
    assert strings.find("bdi", "q1") is None
    assert strings.text("bdi", "q1") == load_library()["bdi"].fields["q1"].about
    assert strings.text("bdi", "nothing") == "[nothing]"
    assert strings.text("phq9", "_title") == "Patient Health Questionnaire-9"


def test_tokens_and_words() -> None:
    strings = load_library().strings
    words = Words.of(
        "a ", StringRef("ui", "moderately_severe"), StringRef("hamd", "x"), StringRef("asdas", "y")
    )
    assert strings.tokens(words) == "a {ss:MODERATELY_SEVERE}{xs:hamd.x}[asdas: y]"
    assert strings.render(Words.of("a ", StringRef("ui", "mild"))) == "a Mild"
