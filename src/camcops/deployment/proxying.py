# SPDX-License-Identifier: GPL-3.0-or-later
"""What every front-end web server has to do alike, whatever its language."""

from camcops.config.server import PROXY_HEADERS

SECONDS = 300
"""How long a front end waits for a slow tablet and for the program: the founding manual's remedy."""

A_YEAR_S = 31_536_000
STATIC_CACHE_S = 86_400
CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""For TLS 1.2; TLS 1.3 has only good ones."""


def claims() -> list[str]:
    """Headers by which a client could claim to be somebody else: taken off whatever comes in."""
    ours = [name.removeprefix("HTTP_").title().replace("_", "-") for name in PROXY_HEADERS]
    return [*ours, "Forwarded", "Proxy"]


def pattern(path: str) -> str:
    """The path within a regular expression; only its dots mean something there."""
    return path.replace(".", r"\.")


def indented(text: str) -> str:
    """Comments stay at the left edge, as everywhere in generated files."""
    return "".join(
        line if line.startswith("#") or not line.strip() else f"    {line}"
        for line in text.splitlines(keepends=True)
    )
