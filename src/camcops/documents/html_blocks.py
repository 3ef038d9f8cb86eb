# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of a section in HTML: tables of answers, texts, pictures."""

from collections.abc import Callable, Mapping
from html import escape

from camcops.documents.pictures import quarter_turns
from camcops.documents.tree import (
    Answer,
    AnswerRow,
    AnswerTable,
    Block,
    FreeText,
    Grid,
    Heading,
    Inline,
    ListBlock,
    Paragraph,
    Picture,
    Run,
    SubHeading,
)

Labels = Mapping[str, str]


def lines(text: str) -> str:
    """Plain text, with its line breaks."""
    return escape(text).replace("\r\n", "\n").replace("\r", "\n").replace("\n", "<br>")


def inline(runs: Inline) -> str:
    """Runs with their styles."""
    return "".join(_run(run) for run in runs)


def _run(run: Run) -> str:
    text = lines(run.text)
    if run.script:
        text = f"<{run.script}>{text}</{run.script}>"
    if run.underline:
        text = f"<u>{text}</u>"
    if run.italic:
        text = f"<em>{text}</em>"
    if run.bold:
        text = f"<strong>{text}</strong>"
    if run.link:
        text = f'<a href="{escape(run.link)}" rel="noopener noreferrer">{text}</a>'
    return text


def answer(value: Answer, labels: Labels) -> str:
    """An answer in words with its value in small, and what is wrong with it."""
    words = inline(value.words)
    shown = f'<em class="doc-missing">{words}</em>' if value.state == "missing" else words
    if value.state != "missing":
        shown = f'<span dir="auto">{shown}</span>'
    if value.value:
        shown += f' <small class="doc-value">{escape(value.value)}</small>'
    if value.state == "invalid":
        shown += (
            f' <span class="label label-danger">{escape(labels["invalid"])}</span>'
            f' <small class="doc-fault">{escape(value.fault)}</small>'
        )
    return shown


def block(item: Block, labels: Labels, blob_url: Callable[[int], str]) -> str:
    """Any part of a section."""
    match item:
        case AnswerTable():
            return _answers(item, labels)
        case Heading():
            return f"<h{item.level}>{inline(item.text)}</h{item.level}>"
        case Paragraph():
            return f'<p class="doc-text doc-tone-{item.tone}">{inline(item.text)}</p>'
        case ListBlock():
            kind = "ol" if item.ordered else "ul"
            items = "".join(f"<li>{inline(words)}</li>" for words in item.items)
            return f"<{kind}>{items}</{kind}>"
        case FreeText():
            return _free_text(item, labels)
        case Picture():
            return _picture(item, labels, blob_url)
        case Grid():
            return _grid(item, labels)


def _answers(table: AnswerTable, labels: Labels) -> str:
    numbered = any(isinstance(row, AnswerRow) and row.number for row in table.rows)
    columns = (["number"] if numbered else []) + ["question", "answer"]
    head = "".join(f'<th scope="col">{escape(labels[name])}</th>' for name in columns)
    bodies: list[str] = []
    rows: list[str] = []
    for row in table.rows:
        if isinstance(row, SubHeading):
            bodies.append("".join(rows))
            heading = f'<th scope="rowgroup" colspan="{len(columns)}">{inline(row.text)}</th>'
            rows = [f'<tr class="doc-subheading">{heading}</tr>']
            continue
        number = f'<td class="doc-number">{escape(row.number)}</td>' if numbered else ""
        rows.append(
            f'<tr class="doc-{row.answer.state}">{number}'
            f'<th scope="row">{inline(row.question)}</th>'
            f"<td>{answer(row.answer, labels)}</td></tr>"
        )
    bodies.append("".join(rows))
    body = "".join(f"<tbody>{part}</tbody>" for part in bodies if part)
    return f'<table class="doc-answers"><thead><tr>{head}</tr></thead>{body}</table>'


def _free_text(item: FreeText, labels: Labels) -> str:
    heading = f"<h3>{inline(item.heading)}</h3>" if item.heading else ""
    if item.missing:
        return f'{heading}<p class="doc-missing"><em>{escape(labels["not_answered"])}</em></p>'
    return f'{heading}<p class="doc-free" dir="auto">{lines(item.text)}</p>'


def _picture(item: Picture, labels: Labels, blob_url: Callable[[int], str]) -> str:
    heading = f"<h3>{inline(item.heading)}</h3>" if item.heading else ""
    if item.blob is None:
        return f'{heading}<p class="doc-missing"><em>{escape(labels["no_picture"])}</em></p>'
    turned = f"doc-turn-{90 * quarter_turns(item.rotation)}"
    return (
        f'{heading}<figure class="doc-picture {turned}">'
        f'<img src="{escape(blob_url(item.blob))}" alt="{escape(item.alt)}" loading="lazy"></figure>'
    )


def _grid(item: Grid, labels: Labels) -> str:
    caption = f"<caption>{inline(item.title)}</caption>" if item.title else ""
    head = "".join(f'<th scope="col">{inline(words)}</th>' for words in item.headings)
    rows = "".join(
        "<tr>" + "".join(f"<td>{answer(cell, labels)}</td>" for cell in row) + "</tr>"
        for row in item.rows
    )
    return (
        '<div class="doc-grid" tabindex="0"><table>'
        f"{caption}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )
