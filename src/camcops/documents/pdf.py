# SPDX-License-Identifier: GPL-3.0-or-later
"""A task document as a PDF: A4, tagged (PDF/UA-1), the patient on every page.

One Typst template sets every instrument. The document reaches it as JSON data, never as markup.
The compiler is made once in a process and kept warm; it touches neither network nor packages.
"""

import json
import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from camcops.documents.glyphs import FONT_FOLDER, REPLACEMENT, Coverage, coverage_of
from camcops.documents.pdf_data import Encoder
from camcops.documents.pictures import upright
from camcops.documents.tree import TaskDocument

if TYPE_CHECKING:
    from typst import Compiler

TEMPLATES = Path(__file__).parent / "typst"
TASK_TEMPLATE = "task.typ"
PICTURE_TEMPLATE = "picture.typ"
_NOTHING = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'
_COMPILATIONS_KEPT = 10
"""The compiler forgets what it has not met again in so many compilations."""
SCRIPTS = (
    *("Arabic", "Hebrew", "Armenian", "Georgian", "Thai", "Sinhala"),
    *("Devanagari", "Bengali", "Gujarati", "Gurmukhi", "Oriya"),
    *("Tamil", "Telugu", "Kannada", "Malayalam"),
    *("Math", "Symbols", "Symbols2"),
)
FAMILIES = ("Noto Sans", *(f"Noto Sans {script}" for script in SCRIPTS))
_EAST_ASIAN = ("CJK", "WenQuanYi", "Droid Sans Fallback", "IPAGothic", "IPAexGothic", "Nanum")


class CompilerFault(Exception):
    """The compiler broke down over a document."""


class _Press:
    """The warm compiler, its fonts, and what these can draw."""

    def __init__(self) -> None:
        import typst

        system = typst.Fonts(include_system_fonts=True, include_embedded_fonts=False)
        east_asian = [
            font
            for font in system.fonts()
            if font.weight == 400 and any(word in font.family for word in _EAST_ASIAN)
        ]
        fonts = typst.Fonts(
            include_system_fonts=bool(east_asian),
            include_embedded_fonts=False,
            font_paths=[str(FONT_FOLDER)],
        )
        self.families = (*FAMILIES, *dict.fromkeys(font.family for font in east_asian))
        self.coverage: Coverage = coverage_of(
            [
                *sorted(FONT_FOLDER.glob("*-Regular.ttf")),
                *(Path(f.path) for f in east_asian if f.path),
            ]
        )
        self.compiler: Compiler = typst.Compiler(
            str(TEMPLATES / TASK_TEMPLATE), root=str(TEMPLATES), font_paths=fonts
        )
        self.lock = threading.Lock()

    def print(self, data: Mapping[str, object], template: str = TASK_TEMPLATE) -> bytes:
        """Set the data by a template. Raises TypstError if a picture in it can't be decoded."""
        text = json.dumps(data, ensure_ascii=False)
        with self.lock:
            made = self._compile(template, text)
        assert isinstance(made, bytes)
        return made

    def _compile(self, template: str, text: str) -> object:
        """A fault within the compiler is an ordinary error here: its own kind would end the process."""
        try:
            return self.compiler.compile(
                str(TEMPLATES / template),
                format="pdf",
                sys_inputs={"document": text},
                pdf_standards="ua-1",
            )
        except BaseException as error:
            if type(error).__name__ == "PanicException":
                raise CompilerFault from error
            raise

    def forget(self) -> None:
        """Let go of the last documents' pictures, which the compiler keeps for a while."""
        for _ in range(_COMPILATIONS_KEPT + 1):
            self.print({"svg": _NOTHING}, PICTURE_TEMPLATE)

    def can_print(self, svg: str) -> bool:
        """Can the picture be decoded?"""
        from typst import TypstError

        try:
            self.print({"svg": svg}, PICTURE_TEMPLATE)
        except TypstError:
            return False
        return True


@cache
def _press() -> _Press:
    return _Press()


def write(document: TaskDocument, blobs: Mapping[int, bytes]) -> bytes:
    """The document as PDF; `blobs` holds the pictures by server key (see `document.blob_pks`).

    A picture that is absent or can't be decoded is replaced by a line that says so.
    """
    from typst import TypstError

    press = _press()
    try:
        return press.print(_data(press, document, blobs))
    except TypstError:
        shown = _printable(press, document, blobs)
        if len(shown) == len(blobs):
            raise
        return press.print(_data(press, document, shown))
    finally:
        if blobs:
            press.forget()


def _printable(
    press: _Press, document: TaskDocument, blobs: Mapping[int, bytes]
) -> Mapping[int, bytes]:
    """The pictures that can be decoded: some damage shows only then, and the compiler doesn't say where."""
    made = {pk: upright(blobs[pk], 0) for pk in document.blob_pks if pk in blobs}
    broken = {pk for pk, picture in made.items() if picture and not press.can_print(picture.svg)}
    return {pk: data for pk, data in blobs.items() if pk not in broken}


def _data(
    press: _Press, document: TaskDocument, blobs: Mapping[int, bytes]
) -> Mapping[str, object]:
    encoder = Encoder(press.coverage, blobs, document.labels, landscape=document.landscape)
    data = encoder.task(document)
    data["fonts"] = list(press.families)
    data["undrawable"] = _undrawable(document, encoder.lost)
    return data


def _undrawable(document: TaskDocument, lost: set[str]) -> str:
    if not lost:
        return ""
    codes = ", ".join(f"U+{ord(character):04X}" for character in sorted(lost))
    return document.labels["undrawable"].format(box=REPLACEMENT, list=codes)
