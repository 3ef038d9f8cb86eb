# SPDX-License-Identifier: GPL-3.0-or-later
"""Markup of strings read into runs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camcops.documents.html_blocks import inline as write_inline
from camcops.documents.markup import blocks, inline
from camcops.documents.tree import ListBlock, Paragraph, Run, plain, text_of


def test_styles_nest_and_end() -> None:
    assert inline("a <b>b <i>c</i></b> d") == (
        Run("a "),
        Run("b ", bold=True),
        Run("c", bold=True, italic=True),
        Run(" d"),
    )


def test_super_and_subscript() -> None:
    assert inline("kg m<sup>–2</sup> H<sub>2</sub>O") == (
        Run("kg m"),
        Run("–2", script="sup"),
        Run(" H"),
        Run("2", script="sub"),
        Run("O"),
    )


def test_entities_are_characters_and_breaks_are_line_feeds() -> None:
    assert inline("x &lt; 3 &amp; y<br/>next") == plain("x < 3 & y\nnext")


@pytest.mark.parametrize("link", ["https://example.org/?a=1&b=2", "mailto:a@example.org"])
def test_web_and_mail_links(link: str) -> None:
    assert inline(f'<a href="{link}">here</a>') == (Run("here", link=link),)


@pytest.mark.parametrize(
    "source",
    [
        '<a href="javascript:alert(1)">here</a>',
        "<a href=' javascript:alert(1)'>here</a>",
        '<a href="data:text/html,x">here</a>',
        "<a>here</a>",
    ],
)
def test_other_links_are_words(source: str) -> None:
    assert inline(source) == plain("here")


def test_unknown_tags_are_text() -> None:
    source = '<script>alert("x")</script><b onclick="x">y'
    assert text_of(inline(source)) == source
    assert "<" not in write_inline(inline(source)).replace("<strong>", "")


def test_paragraphs_and_lists() -> None:
    made = blocks("<p>One</p><ul><li>a</li><li><b>b</b></li></ul>Two<ol><li>c</li></ol>")
    assert made == (
        Paragraph(plain("One")),
        ListBlock((plain("a"), (Run("b", bold=True),))),
        Paragraph(plain("Two")),
        ListBlock((plain("c"),), ordered=True),
    )


def test_blocks_in_one_line_become_lines() -> None:
    assert text_of(inline("<p>One</p><ul><li>a</li></ul>")) == "One\n• a"


@given(st.text(alphabet=st.sampled_from(list("<>/bipaul ol\"'=&;x\n")), max_size=60))
def test_whatever_is_written_comes_out_escaped(source: str) -> None:
    written = write_inline(inline(source))
    for tag in ("strong", "em", "u", "sub", "sup"):
        written = written.replace(f"<{tag}>", "").replace(f"</{tag}>", "")
    assert "<" not in written.replace("<br>", "")
