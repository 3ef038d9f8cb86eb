# SPDX-License-Identifier: GPL-3.0-or-later
"""A complete, commented configuration file, written from the declarations."""

import textwrap
from collections.abc import Mapping

from camcops import __version__
from camcops.config.declaration import Declaration, declarations
from camcops.config.load import SECTIONS

WIDTH = 96
HEADINGS = {
    "site": "This installation: database, identity, security, files, mail",
    "server": "The web server, and the proxy before it",
    "export": "Background work and exports",
}


def specimen(values: Mapping[str, str] | None = None) -> str:
    """Text of a configuration file that loads unedited and explains every key.

    `values` replaces what keys (in capitals) hold in it; items of a list stand on lines of their own. Raises
    KeyError for a key that there is not.
    """
    given = dict(values or {})
    parts = [
        f"# Configuration of CamCOPS {__version__}.",
        "# Comments stand on lines of their own. Write a percent sign as %%. Only the web server's user",
        "# should be able to read this file. After a change, restart the programs.",
    ]
    for name, section in SECTIONS.items():
        parts += ["", f"# {HEADINGS[name]}", "", f"[{name}]"]
        for declared in declarations(section):
            value = given.pop(declared.key, None)
            parts += ["", *_commented(declared), _assignment(declared, value)]
    if given:
        raise KeyError(", ".join(sorted(given)))
    return "\n".join(parts) + "\n"


def _commented(declared: Declaration) -> list[str]:
    default = f" Default: {declared.shown_default}." if declared.shown_default else ""
    return textwrap.wrap(
        declared.says + default, WIDTH, initial_indent="# ", subsequent_indent="# "
    )


def _assignment(declared: Declaration, value: str | None) -> str:
    if value is None:
        value = declared.specimen() if callable(declared.specimen) else declared.specimen
    if value is None:
        value = "" if declared.name == "gunicorn_num_workers" else declared.shown_default
    value = value.replace("%", "%%")
    if declared.multiline:
        return "\n    ".join([f"{declared.key} =", *map(str.strip, value.strip().splitlines())])
    return f"{declared.key} = {value}".rstrip()
