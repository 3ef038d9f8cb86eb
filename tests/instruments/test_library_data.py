# SPDX-License-Identifier: GPL-3.0-or-later
"""The library as shipped: what every definition and wording file must hold, whatever the instrument."""

from collections import Counter
from collections.abc import Iterator, Mapping

import pytest

from camcops.instruments.faults import Faults
from camcops.instruments.library import BUILT_IN, COMMON, Library, load_library
from camcops.instruments.model import Field, FieldType, Instrument
from camcops.instruments.strings import read_wording
from camcops.instruments.vectors import VECTORS_FILE, differences, read_vectors

INSTRUMENTS_OF_CAMCOPS_2_4 = 138
TABLES_OF_CAMCOPS_2_4 = 149
WITHOUT_SUMMARIES_IN_CAMCOPS_2_4 = 41
NUMBERS_ONLY = {"mds_updrs"}
LATER_CLIENTS = {
    "cesd": "2.2.8",
    "cesdr": "2.2.8",
    "chit": "2.4.15",
    "cisr": "2.2.0",
    "core10": "2.2.8",
    "pcl5": "2.2.8",
}

OF_EVERY_TASK = {"is_complete", "seconds_from_creation_to_first_finish"}

LIBRARY = load_library()
FINISHED = [table for table in LIBRARY if LIBRARY[table].finished]


@pytest.fixture(scope="module")
def library() -> Library:
    return LIBRARY


def tables_of(library: Library) -> Iterator[tuple[str, Mapping[str, Field]]]:
    for table, (instrument, child) in library.client_tables().items():
        yield table, child.fields if child else instrument.fields


def own_strings(instrument: Instrument) -> Mapping[str, Mapping[str, str]]:
    faults = Faults()
    texts = read_wording(instrument.folder, faults)
    assert not list(faults)
    return texts


def test_every_instrument_of_camcops_is_there(library: Library) -> None:
    assert len(library) == INSTRUMENTS_OF_CAMCOPS_2_4
    assert len(library.client_tables()) == TABLES_OF_CAMCOPS_2_4


def test_every_folder_but_common_is_an_instrument(library: Library) -> None:
    folders = {path.name for path in BUILT_IN.iterdir() if path.is_dir()} - {"__pycache__"}
    assert folders == {*library, "common"}


def test_files_are_tidy() -> None:
    untidy = []
    for path in sorted(BUILT_IN.rglob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        lines = text.split("\n")
        long = any(len(line) > 120 for line in lines)
        trailing = any(line != line.rstrip() for line in lines)
        if "\t" in text or "\r" in text or long or trailing or not text.endswith("\n"):
            untidy.append(path.relative_to(BUILT_IN).as_posix())
    assert untidy == []


def test_every_answer_has_a_topic(library: Library) -> None:
    """It stands in for wording that the site has not supplied, and names the column in codebooks."""
    nameless = [
        f"{table}.{name}"
        for table, fields in tables_of(library)
        for name, field in fields.items()
        if not field.about and table not in NUMBERS_ONLY
    ]
    assert nameless == []


def test_topics_tell_the_answers_of_a_table_apart(library: Library) -> None:
    alike = [
        f"{table}: {topic}"
        for table, fields in tables_of(library)
        for topic, times in Counter(field.about for field in fields.values()).items()
        if topic and times > 1
    ]
    assert alike == []


def test_limits_fit_the_type(library: Library) -> None:
    odd = [
        f"{table}.{name}"
        for table, fields in tables_of(library)
        for name, field in fields.items()
        if not fits(field)
    ]
    assert odd == []


def fits(field: Field) -> bool:
    numeric = field.type in (FieldType.INTEGER, FieldType.NUMBER)
    if (field.minimum, field.maximum) != (None, None) and not numeric:
        return False
    if field.length is not None and field.type is not FieldType.TEXT:
        return False
    if field.values is None:
        return True
    kind = str if field.type is FieldType.TEXT else int | float
    short = all(
        len(value) <= (field.length or 0) for value in field.values if isinstance(value, str)
    )
    return short and all(isinstance(value, kind) for value in field.values)


def test_minimum_clients(library: Library) -> None:
    later = {t: i.since_client for t, i in library.items() if i.since_client != "2.0.0"}
    assert later == LATER_CLIENTS


def test_anonymous_instruments(library: Library) -> None:
    anonymous = {table for table, instrument in library.items() if instrument.is_anonymous}
    assert anonymous == {
        "apeq_cpft_perinatal",
        "apeqpt",
        "demoquestionnaire",
        "gmcpq",
        "perinatal_poem",
        "ref_satis_gen",
    }


def test_instruments_without_summary_columns(library: Library) -> None:
    without = [table for table, instrument in library.items() if not instrument.summaries]
    assert len(without) == WITHOUT_SUMMARIES_IN_CAMCOPS_2_4


def test_every_instrument_stands_in_the_menus(library: Library) -> None:
    lost = [table for table, i in library.items() if not i.menus and not i.sets]
    nameless = {
        name
        for instrument in library.values()
        for name in (
            *(f"menu_{chapter}" for chapter in instrument.menus),
            *(f"set_{collection}" for collection in instrument.sets),
        )
        if library.strings.find("ui", name) is None
    }
    assert lost == []
    assert nameless == set()


def test_owners_who_forbid_commerce_are_heeded(library: Library) -> None:
    for table, instrument in library.items():
        if "non-commercial" in instrument.rights or "CC BY-NC" in instrument.rights:
            commercial = instrument.use["commercial"]
            assert not commercial or instrument.wording == "site", table


def test_what_is_said_to_be_included_is(library: Library) -> None:
    """An instrument whose wording we may ship says nothing in brackets."""
    empty = [
        f"{table}: {name}"
        for table in FINISHED
        if library[table].wording == "included"
        for name, texts in own_strings(library[table]).items()
        if not all(texts.values())
    ]
    assert empty == []


def test_the_programs_own_words_are_complete() -> None:
    for folder in ("ui", "camcops"):
        faults = Faults()
        texts = read_wording(COMMON / folder, faults)
        assert not list(faults)
        assert [name for name, text in texts.items() if not text.get("")] == []


@pytest.mark.parametrize("table", FINISHED)
def test_definitions_compile(library: Library, table: str) -> None:
    library[table].definition.check()


@pytest.mark.parametrize("table", FINISHED)
def test_golden_cases(library: Library, table: str) -> None:
    instrument = library[table]
    wrong = {
        vector["n"]: found
        for vector in read_vectors(instrument.folder / VECTORS_FILE)
        if (found := list(differences(instrument, vector, library.strings)))
    }
    assert wrong == {}


@pytest.mark.parametrize("table", FINISHED)
def test_summary_columns_are_those_of_camcops(library: Library, table: str) -> None:
    """Other scores are named in `define`, so that dumps keep the columns that people know."""
    instrument = library[table]
    vector = read_vectors(instrument.folder / VECTORS_FILE)[0]
    assert set(instrument.scores) == set(vector["expected"]["summaries"]) - OF_EVERY_TASK


@pytest.mark.parametrize("table", FINISHED)
def test_golden_cases_say_what_the_notes_should_read(library: Library, table: str) -> None:
    vectors = read_vectors(library[table].folder / VECTORS_FILE)
    assert all("clinical_text" in vector["expected"] for vector in vectors)
