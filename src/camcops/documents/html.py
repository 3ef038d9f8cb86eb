# SPDX-License-Identifier: GPL-3.0-or-later
"""A task document as an HTML fragment.

One `<article class="doc">`, safe to put into any page: every text is escaped, and there is no script
and no inline style. The classes are those of `web/static/document.css`.
"""

from collections.abc import Callable, Iterable
from html import escape

from camcops.documents.html_blocks import block, inline, lines
from camcops.documents.html_scores import summary
from camcops.documents.phrases import born_text, sex_text
from camcops.documents.tree import (
    Fact,
    Moment,
    NoPatient,
    Notice,
    PatientBanner,
    PersonBlock,
    SpecialNote,
    TaskDocument,
)

_DANGER = frozenset({"invalid", "erased"})


def write(document: TaskDocument, blob_url: Callable[[int], str]) -> str:
    """The fragment; `blob_url` gives the address of a picture by its server key."""
    parts = [
        _patient(document),
        _heading(document),
        *(_alert(inline(alert), document) for alert in document.alerts),
        *(_notice(notice) for notice in document.notices),
        _special_notes(document),
        *(_person(person) for person in document.people),
        summary(document),
    ]
    for section in document.sections:
        heading = f"<h2>{inline(section.heading)}</h2>" if section.heading else ""
        body = "".join(block(item, document.labels, blob_url) for item in section.blocks)
        parts.append(f'<section class="doc-section">{heading}{body}</section>')
    if document.footnotes:
        notes = "".join(f"<p>{inline(note)}</p>" for note in document.footnotes)
        parts.append(f'<div class="doc-footnotes">{notes}</div>')
    parts.append(_provenance(document))
    return (
        f'<article class="doc" lang="{escape(document.language)}" dir="{document.direction}">'
        f"{''.join(parts)}</article>"
    )


def moment(value: Moment) -> str:
    """A `<time>`; plain text where the moment could not be read."""
    if not value.iso:
        return escape(value.text)
    return f'<time datetime="{escape(value.iso)}" dir="ltr">{escape(value.text)}</time>'


def _patient(document: TaskDocument) -> str:
    patient, labels = document.patient, document.labels
    if isinstance(patient, NoPatient):
        return (
            f'<header class="doc-banner doc-banner-{patient.reason}" role="group"'
            f' aria-label="{escape(labels["patient"])}"><p>{escape(patient.text)}</p></header>'
        )
    return (
        f'<header class="doc-banner" role="group" aria-label="{escape(labels["patient"])}">'
        f'<p class="doc-who"><strong class="doc-name">{_name(patient, labels["no_name"])}</strong>'
        f' <span class="doc-fact">{_born(document, patient)}</span>'
        f' <span class="doc-fact">{escape(sex_text(patient, labels))}</span></p>'
        f"{_idnums(patient)}</header>{_facts(patient.details, 'doc-details')}"
    )


def _name(patient: PatientBanner, no_name: str) -> str:
    names = [name for name in (patient.surname.upper(), patient.forename) if name]
    return ", ".join(f"<bdi>{escape(name)}</bdi>" for name in names) or escape(no_name)


def _born(document: TaskDocument, patient: PatientBanner) -> str:
    text = escape(born_text(patient, document.labels))
    if patient.born is None:
        return text
    return text.replace(escape(patient.born.text), moment(patient.born), 1)


def _idnums(patient: PatientBanner) -> str:
    items = []
    for number in patient.idnums:
        fault = f' <em class="doc-fault">({escape(number.fault)})</em>' if number.fault else ""
        items.append(
            f'<li><bdi class="doc-label">{escape(number.label)}</bdi>'
            f" <bdi><strong>{escape(number.value)}</strong></bdi>{fault}</li>"
        )
    return f'<ul class="doc-idnums">{"".join(items)}</ul>' if items else ""


def _facts(facts: Iterable[Fact], css_class: str) -> str:
    rows = "".join(
        f"<div><dt>{escape(fact.label)}</dt><dd>"
        f"{moment(fact.moment) if fact.moment else f'<bdi>{lines(fact.value)}</bdi>'}</dd></div>"
        for fact in facts
    )
    return f'<dl class="{css_class}">{rows}</dl>' if rows else ""


def _heading(document: TaskDocument) -> str:
    labels = document.labels
    created = f"{escape(labels['created'])} {moment(document.created)}" if document.created else ""
    version = escape(labels["version"].format(version=document.version))
    facts = [escape(document.short_name), created, version]
    line = ' <span aria-hidden="true">·</span> '.join(fact for fact in facts if fact)
    return f'<h1>{escape(document.title)}</h1><p class="doc-subtitle">{line}</p>'


def _alert(words: str, document: TaskDocument) -> str:
    label = escape(document.labels["alert"])
    return f'<p class="doc-alert alert-strong" role="alert"><strong>{label}:</strong> {words}</p>'


def _notice(notice: Notice) -> str:
    shade = "danger" if notice.kind in _DANGER else "attention"
    details = "".join(f"<li>{escape(detail)}</li>" for detail in notice.details)
    return (
        f'<div class="doc-notice doc-notice-{notice.kind}">'
        f'<p><span class="label label-{shade}">{escape(notice.heading)}</span></p>'
        f"{f'<ul>{details}</ul>' if details else ''}</div>"
    )


def _special_notes(document: TaskDocument) -> str:
    if not document.special_notes:
        return ""
    notes = "".join(
        _special_note(note, document.labels["note_by"]) for note in document.special_notes
    )
    heading = escape(document.labels["special_notes"])
    return f'<section class="doc-notes"><h2>{heading}</h2>{notes}</section>'


def _special_note(note: SpecialNote, by: str) -> str:
    when = moment(note.when) if note.when else ""
    return (
        f'<div class="doc-note"><p class="doc-small">{when} {escape(by)}'
        f" <bdi>{escape(note.author)}</bdi></p>"
        f'<p dir="auto">{lines(note.text)}</p></div>'
    )


def _person(person: PersonBlock) -> str:
    facts = _facts(person.facts, "doc-facts")
    return f'<section class="doc-person"><h2>{escape(person.heading)}</h2>{facts}</section>'


def _provenance(document: TaskDocument) -> str:
    heading = escape(document.labels["provenance"])
    facts = _facts(document.provenance, "doc-facts")
    return f'<footer class="doc-provenance"><h2>{heading}</h2>{facts}</footer>'
