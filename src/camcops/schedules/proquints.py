# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers as pronounceable words ("proquints") with a check letter: the form of patients' access keys.

Each 16 bits make a word of five letters, consonant-vowel-consonant-vowel-consonant (4, 2, 4, 2 and 4 bits),
after D. S. Wilkerson, "A Proposal for Proquints" (arXiv:0901.4016). The last part is one consonant, by the
Luhn algorithm modulo 16, which finds every single wrong letter.
"""

import re
from typing import Final
from uuid import UUID

CONSONANTS: Final = "bdfghjklmnprstvz"
VOWELS: Final = "aiou"
WORD_BITS: Final = 16
KEY_BITS: Final = 128

_PATTERN = "cvcvc"
_LETTERS = {"c": CONSONANTS, "v": VOWELS}
_BITS = {"c": 4, "v": 2}
_VALUES = {letter: letters.index(letter) for letters in _LETTERS.values() for letter in letters}
_WORD = f"[{CONSONANTS}][{VOWELS}][{CONSONANTS}][{VOWELS}][{CONSONANTS}]"
_FORM = re.compile(rf"(?:{_WORD}-)+[{CONSONANTS}]")


def proquint(number: int, bits: int) -> str:
    """A number of so many bits (a multiple of 16) as words, with the check letter."""
    if bits <= 0 or bits % WORD_BITS or not 0 <= number < 1 << bits:
        raise ValueError("the number does not fit into whole words")
    words = [_word(number >> shift & 0xFFFF) for shift in range(bits - WORD_BITS, -1, -WORD_BITS)]
    return "-".join([*words, _check_letter("".join(words))])


def number_of(text: str) -> tuple[int, int]:
    """The number that a proquint with a check letter says, and its bits.

    Capitals and surrounding white space make no difference. Raises ValueError for anything else that
    `proquint` would not have written, a wrong check letter among it.
    """
    text = text.strip()
    lower = text.lower()
    if not text.isascii() or not _FORM.fullmatch(lower):
        raise ValueError("not a proquint with a check letter")
    *words, check = lower.split("-")
    letters = "".join(words)
    if _check_letter(letters) != check:
        raise ValueError("the check letter does not fit")
    number = 0
    for place, letter in enumerate(letters):
        number = number << _BITS[_PATTERN[place % len(_PATTERN)]] | _VALUES[letter]
    return number, len(words) * WORD_BITS


def access_key(uuid: str) -> str:
    """The access key of a patient, whose `uuid` is 32 hexadecimal digits."""
    return proquint(UUID(hex=uuid).int, KEY_BITS)


def uuid_of(key: str) -> str:
    """The `uuid` (32 hexadecimal digits) that an access key stands for. Raises ValueError."""
    number, bits = number_of(key)
    if bits != KEY_BITS:
        raise ValueError("an access key has eight words and a check letter")
    return UUID(int=number).hex


def _word(value: int) -> str:
    letters = ""
    shift = WORD_BITS
    for kind in _PATTERN:
        shift -= _BITS[kind]
        letters += _LETTERS[kind][value >> shift & (1 << _BITS[kind]) - 1]
    return letters


def _check_letter(letters: str) -> str:
    total = 0
    for place, letter in enumerate(reversed(letters)):
        quotient, remainder = divmod(_VALUES[letter] * (1 if place % 2 else 2), 16)
        total += quotient + remainder
    return CONSONANTS[-total % 16]
