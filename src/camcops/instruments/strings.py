# SPDX-License-Identifier: GPL-3.0-or-later
"""Strings: the words of instruments and of the program, by set, name and locale.

Ours come from the `<locale>.yaml` files beside each definition, a site's from its XML files. A string is
looked up in the wanted locale, then in the same language, then in en-GB, then without locale, at each step
the site's first; then the topic (`about:`) stands in; then the name in brackets.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from camcops.instruments.faults import Fault, Faults
from camcops.instruments.language.words import StringRef, Words
from camcops.instruments.string_xml import SiteString
from camcops.instruments.yaml_reader import read_yaml

DEFAULT_LOCALE = "en_GB"
PROGRAM_SET = "ui"

_LOCALE_OF_FILE = {"en": "", "da": "da_DK"}
_WORDING_FILE = re.compile(r"[a-z]{2}([-_][A-Z]{2})?")

Texts = dict[str, dict[str, str]]  # name → locale → text


class Wording(Protocol):
    """Where our own strings lie; the library knows."""

    def sets(self) -> Iterable[str]: ...

    def folders(self, set_name: str) -> Sequence[Path]: ...

    def topics(self, set_name: str) -> Mapping[str, str]: ...

    def is_skeleton(self, set_name: str) -> bool: ...


def locale_of(path: Path) -> str:
    """The locale of a wording file: that of its name; English without a country is "no locale"."""
    stem = path.stem.replace("-", "_")
    return _LOCALE_OF_FILE.get(stem, stem)


def read_wording(folder: Path, faults: Faults) -> Texts:
    """The strings of one folder, from each of its `<locale>.yaml` files, empty texts included."""
    texts: Texts = {}
    for path in sorted(folder.glob("*.yaml")):
        if not _WORDING_FILE.fullmatch(path.stem):
            continue
        locale = locale_of(path)
        for name, text in (read_yaml(path, faults) or {}).items():
            if isinstance(text, dict | list) or text is None:
                faults.add(Fault(path, 0, f"the string {name!r} must be a text"))
                continue
            texts.setdefault(str(name), {})[locale] = _written(text)
    return texts


def _written(text: str | float | bool) -> str:
    return str(text).lower() if isinstance(text, bool) else str(text)


class Strings:
    """All strings; a set is read when first asked for."""

    def __init__(self, wording: Wording, site: Iterable[SiteString] = ()) -> None:
        self._wording = wording
        self._ours: dict[str, Texts] = {}
        self._site: dict[str, Texts] = {}
        for string in site:
            names = self._site.setdefault(string.set, {})
            names.setdefault(string.name, {})[string.locale] = string.text

    def find(self, set_name: str, name: str, locale: str = DEFAULT_LOCALE) -> str | None:
        """The text of a string, or None if neither the site nor we have any."""
        site = self._site.get(set_name, {}).get(name, {})
        ours = self._set(set_name).get(name, {})
        if not site and not ours:
            return None
        for wanted in self._steps(locale, site, ours):
            for texts in (site, ours):
                if texts.get(wanted):
                    return texts[wanted]
        return None

    def text(self, set_name: str, name: str, locale: str = DEFAULT_LOCALE) -> str:
        """The text of a string; failing that its topic; failing that its name in brackets."""
        found = self.find(set_name, name, locale)
        if found is not None:
            return found
        return self._wording.topics(set_name).get(name) or f"[{name}]"

    def is_known(self, set_name: str, name: str) -> bool:
        """Is the string listed at all, though its wording may have to come from the site?"""
        return name in self._set(set_name) or name in self._site.get(set_name, {})

    def has_wording(self, set_name: str) -> bool:
        """Has the site supplied any string of this set?"""
        return bool(self._site.get(set_name))

    def names(self, set_name: str) -> frozenset[str]:
        return frozenset(self._set(set_name)) | frozenset(self._site.get(set_name, {}))

    def render(self, words: Words, locale: str = DEFAULT_LOCALE) -> str:
        """Put language-neutral words into a language."""
        return "".join(
            self.text(part.set, part.name, locale) if isinstance(part, StringRef) else part
            for part in words.parts
        )

    def tokens(self, words: Words) -> str:
        """Words with each string as its name: `{ss:NAME}` of the program, `{xs:set.name}` of an instrument.

        A string of an instrument for which CamCOPS 2.4 has no wording at all is written `[set: name]`.
        """
        return "".join(
            self._token(part) if isinstance(part, StringRef) else part for part in words.parts
        )

    def rows(self, sets: Iterable[str] | None = None) -> Iterator[tuple[str, str, str, str]]:
        """Every string (of these sets) that has a text: set, name, locale, text; a site's before ours."""
        for set_name in sorted({*self._wording.sets(), *self._site} if sets is None else set(sets)):
            ours, site = self._set(set_name), self._site.get(set_name, {})
            for name in sorted({*ours, *site}):
                merged = {**ours.get(name, {}), **site.get(name, {})}
                for locale, text in sorted(merged.items()):
                    if text:
                        yield set_name, name, locale, text

    def _token(self, ref: StringRef) -> str:
        if ref.set == PROGRAM_SET:
            return f"{{ss:{ref.name.upper()}}}"
        if self._wording.is_skeleton(ref.set):
            return f"[{ref.set}: {ref.name}]"
        return f"{{xs:{ref.set}.{ref.name}}}"

    @staticmethod
    def _steps(locale: str, *sources: Mapping[str, str]) -> list[str]:
        language = locale[:2]
        same = sorted({key for texts in sources for key in texts if key and key[:2] == language})
        return list(dict.fromkeys([locale, *same, DEFAULT_LOCALE, ""]))

    def _set(self, set_name: str) -> Texts:
        known = self._ours.get(set_name)
        if known is None:
            faults = Faults()
            known = {}
            for folder in self._wording.folders(set_name):
                for name, texts in read_wording(folder, faults).items():
                    known.setdefault(name, {}).update(texts)
            faults.raise_any(set_name)
            self._ours[set_name] = known
        return known
