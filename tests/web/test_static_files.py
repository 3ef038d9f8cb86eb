# SPDX-License-Identifier: GPL-3.0-or-later
"""The static files: vendored ones unchanged, our own without anything that the browser would refuse."""

import base64
import hashlib
import re

import pytest

from camcops.web.assets import FOLDER

VENDOR = FOLDER / "vendor"


def listed() -> list[tuple[str, str]]:
    lines = (VENDOR / "hashes.txt").read_text().splitlines()
    return [(line.split()[1], line.split()[0]) for line in lines]


@pytest.mark.parametrize(("name", "expected"), listed())
def test_vendored_files_are_those_published(name: str, expected: str) -> None:
    digest = hashlib.sha384((VENDOR / name).read_bytes()).digest()

    assert f"sha384-{base64.b64encode(digest).decode()}" == expected


def test_every_vendored_style_sheet_is_listed() -> None:
    assert {path.name for path in VENDOR.glob("*.css")} == {name for name, _ in listed()}


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """WCAG 2.2 contrast ratio of two colours `#rrggbb`."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def palettes() -> dict[str, dict[str, str]]:
    """The theme's colour tokens, light and dark."""
    blocks = re.findall(
        r"\{((?:\s*(?:color-scheme|--)[^{}]*))\}", (FOLDER / "theme.css").read_text()
    )
    tokens = [dict(re.findall(r"--([a-z-]+):\s*(#[0-9a-f]{6})", block)) for block in blocks]
    light, dark = (found for found in tokens if "paper" in found)
    return {"light": light, "dark": light | dark}


TEXT_ON = [
    ("ink", "paper"),
    ("ink", "surface"),
    ("ink", "raised"),
    ("ink", "accent-wash"),
    ("ink", "danger-wash"),
    ("ink", "attention-wash"),
    ("ink", "done-wash"),
    ("muted", "paper"),
    ("muted", "surface"),
    ("muted", "accent-wash"),
    ("accent", "paper"),
    ("accent", "surface"),
    ("accent-ink", "accent"),
    ("danger", "paper"),
    ("danger-ink", "danger"),
    ("danger", "accent-wash"),
    ("attention", "paper"),
    ("attention", "accent-wash"),
    ("done", "paper"),
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT_ON)
def test_every_pair_can_be_read(scheme: str, text: str, ground: str) -> None:
    colours = palettes()[scheme]

    assert contrast(colours[text], colours[ground]) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("ground", ["paper", "surface", "raised", "accent-wash"])
def test_edges_of_controls_and_the_focus_ring_can_be_seen(scheme: str, ground: str) -> None:
    colours = palettes()[scheme]

    assert contrast(colours["focus"], colours[ground]) >= 3
    assert contrast(colours["line-strong"], colours[ground]) >= 3


def test_templates_hold_nothing_inline() -> None:
    for path in (FOLDER.parent / "templates").glob("*.html"):
        text = path.read_text()
        assert not re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:", text), path.name
        assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text)), path.name
        assert "|safe" not in text.replace(" ", ""), path.name
