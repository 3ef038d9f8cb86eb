# SPDX-License-Identifier: GPL-3.0-or-later
"""The summary of a task in HTML: completeness, and each score with its range as a bar."""

from html import escape

from camcops.documents.html_blocks import Labels, inline
from camcops.documents.phrases import legend_text
from camcops.documents.tree import Bar, ScoreLine, TaskDocument

_WIDTH = 240


def summary(document: TaskDocument) -> str:
    """Completeness and the scores; nothing where there are neither."""
    if document.complete is None and not document.scores:
        return ""
    labels = document.labels
    state = ""
    if document.complete is not None:
        name, shade = ("complete", "done") if document.complete else ("incomplete", "attention")
        state = f'<p><span class="label label-{shade}">{escape(labels[name])}</span></p>'
    rows = "".join(_row(line, labels) for line in document.scores)
    table = f'<table class="doc-scores"><tbody>{rows}</tbody></table>' if rows else ""
    heading = f"<h2>{escape(labels['summary'])}</h2>"
    return f'<section class="doc-summary">{heading}{state}{table}</section>'


def _row(line: ScoreLine, labels: Labels) -> str:
    faint = " doc-so-far" if line.so_far else ""
    prefix = f"<em>{escape(labels['so_far'])}</em> " if line.so_far and not line.missing else ""
    number = f'<em class="doc-missing">{inline(line.value)}</em>'
    if not line.missing:
        number = f'<strong class="doc-score">{inline(line.value)}</strong>'
    out_of = f' <span class="doc-out-of">/ {escape(line.out_of)}</span>' if line.out_of else ""
    band = f' <span class="doc-band">· {inline(line.band)}</span>' if line.band else ""
    note = f'<p class="doc-small">{inline(line.note)}</p>' if line.note else ""
    bar = f"{_bar(line.bar)}{_legend(line.bar)}" if line.bar else ""
    return (
        f'<tr class="doc-score-row{faint}"><th scope="row">{inline(line.label)}</th>'
        f"<td>{prefix}{number}{out_of}{band}{bar}{note}</td></tr>"
    )


def _legend(bar: Bar) -> str:
    text = legend_text(bar)
    return f'<p class="doc-legend">{escape(text)}</p>' if text else ""


def _bar(bar: Bar) -> str:
    """The range as a drawing; it repeats what stands beside it, so readers aloud pass over it."""
    span = bar.high - bar.low

    def at(value: float) -> str:
        share = (min(max(value, bar.low), bar.high) - bar.low) / span
        return f"{share * _WIDTH:.1f}"

    marks = [f'<rect class="doc-bar-range" x="0.5" y="3.5" width="{_WIDTH - 1}" height="5"/>']
    for band in bar.bands:
        if band.start > bar.low:
            x = at(band.start)
            marks.append(f'<line class="doc-bar-bound" x1="{x}" x2="{x}" y1="1" y2="11"/>')
    if bar.value is not None:
        x = at(bar.value)
        marks.insert(1, f'<rect class="doc-bar-value" x="0" y="3.5" width="{x}" height="5"/>')
        marks.append(f'<line class="doc-bar-mark" x1="{x}" x2="{x}" y1="0" y2="12"/>')
    return (
        f'<svg class="doc-bar" viewBox="0 0 {_WIDTH} 12" width="{_WIDTH}" height="12"'
        f' aria-hidden="true" focusable="false">{"".join(marks)}</svg>'
    )
