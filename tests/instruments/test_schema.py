# SPDX-License-Identifier: GPL-3.0-or-later
"""What is published of definitions: the JSON Schema for editors, the form for tablets."""

import json
from pathlib import Path

import camcops.instruments
from camcops.instruments.form_json import form_hash, form_json
from camcops.instruments.grammar import json_schema
from camcops.instruments.library import load_library

PUBLISHED = Path(camcops.instruments.__file__).parent / "schema.json"


def test_the_published_schema_is_the_grammar() -> None:
    assert json.loads(PUBLISHED.read_text("utf-8")) == json_schema()


def test_every_finished_instrument_has_a_form_in_json() -> None:
    library = load_library()
    for instrument in library.values():
        if instrument.finished:
            form = json.loads(json.dumps(form_json(instrument)))
            assert set(form["fields"]) == set(instrument.all_fields)
            assert "complete" in form["define"]


def test_the_form_hash_is_that_of_what_is_seen() -> None:
    library = load_library()
    first = form_hash(library["phq9"], library.strings)
    assert first == form_hash(library["phq9"], load_library().strings)
    assert first != form_hash(library["gad7"], library.strings)
