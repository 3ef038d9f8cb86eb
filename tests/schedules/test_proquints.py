# SPDX-License-Identifier: GPL-3.0-or-later
"""Access keys: known examples, and what must hold of all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camcops.schedules.proquints import (
    CONSONANTS,
    VOWELS,
    access_key,
    number_of,
    proquint,
    uuid_of,
)

EXAMPLES = {
    "3f2a9c04-7b1e-4d55-8e60-19c2a7f0b3d8": "gusop-nubah-losiv-hujij-munob-dolaf-pizub-razim-v",
    "12345678-1234-5678-1234-567812345678": "damuh-jinum-damuh-jinum-damuh-jinum-damuh-jinum-s",
    "31f591de-8f6c-4b9f-9f7e-0d2f7c6f2a01": "galuj-naliv-mutos-hoviz-nutuv-buhoz-ludoz-fomad-h",
    "00000000-0000-0000-0000-000000000000": "babab-babab-babab-babab-babab-babab-babab-babab-b",
}

uuids = st.uuids().map(lambda one: one.hex)


@pytest.mark.parametrize(("uuid", "key"), EXAMPLES.items())
def test_examples(uuid: str, key: str) -> None:
    assert access_key(uuid) == key
    assert uuid_of(key) == uuid.replace("-", "")


def test_example_of_32_bits() -> None:
    assert proquint(0x493B05EE, 32) == "hohur-bilov-j"
    assert number_of("hohur-bilov-j") == (0x493B05EE, 32)


@given(uuids)
def test_there_and_back(uuid: str) -> None:
    key = access_key(uuid)
    assert len(key) == 49
    assert uuid_of(key) == uuid
    assert uuid_of(f" \t{key.upper()}\r\n") == uuid


@given(uuids, st.data())
def test_one_wrong_letter_is_always_found(uuid: str, data: st.DataObject) -> None:
    key = access_key(uuid)
    place = data.draw(st.sampled_from([n for n, letter in enumerate(key) if letter != "-"]))
    letters = CONSONANTS if key[place] in CONSONANTS else VOWELS
    wrong = data.draw(st.sampled_from([letter for letter in letters if letter != key[place]]))
    with pytest.raises(ValueError, match="check letter"):
        uuid_of(key[:place] + wrong + key[place + 1 :])


@given(st.text(alphabet=[*CONSONANTS, *VOWELS, "-", "e", "K", "ſ", "\0", " "], max_size=60))
def test_whatever_is_read_is_written_so(text: str) -> None:
    try:
        number, bits = number_of(text)
    except ValueError:
        return
    assert proquint(number, bits) == text.strip().lower()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "xxxxx-xxxxx-x",
        "hohur-bilov-j",
        "hohurbilov-j",
        "babab-babab-babab-babab-babab-babab-babab-babab",
        "babab_babab_babab_babab_babab_babab_babab_babab_b",
        "babab-babab-babab-babab-babab-babab-babab-babab-babab-b",
        "galuj-naliv-mutos-hoviz-nutuv-buhoz-ludoz-fomad-b",
    ],
)
def test_what_is_no_access_key(text: str) -> None:
    with pytest.raises(ValueError, match=r"letter|proquint"):
        uuid_of(text)


@pytest.mark.parametrize(("number", "bits"), [(0, 0), (1, 8), (1 << 32, 32), (-1, 16)])
def test_numbers_that_do_not_fit(number: int, bits: int) -> None:
    with pytest.raises(ValueError, match="fit"):
        proquint(number, bits)
