# SPDX-License-Identifier: GPL-3.0-or-later
"""What the shipped fonts can draw."""

import pytest

from camcops.documents.glyphs import FONT_FOLDER, Coverage, coverage_of, mapped_characters
from camcops.documents.pdf import FAMILIES

SAMPLES = {
    "Latin": "Zoë Ångström-Łukasiewicz Nguyễn Thị Ánh",
    "Greek": "Ελένη Παπαδοπούλου",
    "Cyrillic": "Владимир Щербаков Їжак",
    "Arabic": "محمد عبد الرحمن الأحمد",
    "Persian, Urdu": "پژمان گلچین ٹیپو ڈار",
    "Hebrew": "מרים כהן",
    "Devanagari": "अनिल शर्मा क्षेत्रज्ञ",
    "Bengali": "রহমান মোহাম্মদ ক্ষিতিশ",
    "Gujarati": "ગુજરાતી પટેલ",
    "Gurmukhi": "ਗੁਰਮੁਖੀ ਸਿੰਘ",
    "Tamil": "தமிழ் செல்வன்",
    "Telugu": "తెలుగు శ్రీనివాస్",
    "Kannada": "ಕನ್ನಡ ಕೃಷ್ಣ",
    "Malayalam": "മലയാളം കൃഷ്ണൻ",
    "Oriya": "ଓଡ଼ିଆ",
    "Sinhala": "සිංහල",
    "Armenian": "Հայերեն",
    "Georgian": "ქართული",
    "Thai": "ภาษาไทย",
    "signs": "≥ ≤ ≠ ≈ ± × ÷ √ ∞ → ← ✓ ✗ ♀ ♂ □ • – — … “” ‘’ m⁻² ½ µ ° €",
}


@pytest.fixture(scope="module")
def coverage() -> Coverage:
    return coverage_of(sorted(FONT_FOLDER.glob("*-Regular.ttf")))


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES.keys())
def test_every_script_of_patients_names_is_covered(coverage: Coverage, sample: str) -> None:
    assert coverage.drawable(sample) == (sample, frozenset())


def test_bold_covers_what_regular_does() -> None:
    for bold in FONT_FOLDER.glob("*-Bold.ttf"):
        regular = FONT_FOLDER / bold.name.replace("-Bold", "-Regular")
        assert mapped_characters(bold) >= mapped_characters(regular), bold.name


def test_a_character_without_glyph_becomes_a_box(coverage: Coverage) -> None:
    assert coverage.drawable("a\U0001f600b\n") == ("a□b\n", frozenset("\U0001f600"))


def test_control_characters_become_boxes(coverage: Coverage) -> None:
    assert coverage.drawable("a\x00\x07") == ("a□□", frozenset("\x00\x07"))


def test_joiners_stay(coverage: Coverage) -> None:
    text = "پژمان\u200cها ক্\u200dষ"
    assert coverage.drawable(text) == (text, frozenset())


def test_each_font_is_used_and_licensed() -> None:
    names = {font.name.split("-")[0] for font in FONT_FOLDER.glob("*.ttf")}
    assert names == {family.replace(" ", "") for family in FAMILIES}
    assert "SIL OPEN FONT LICENSE" in (FONT_FOLDER / "OFL.txt").read_text("utf-8")
    assert sum(font.stat().st_size for font in FONT_FOLDER.iterdir()) < 8_000_000
