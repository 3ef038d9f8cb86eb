# SPDX-License-Identifier: GPL-3.0-or-later
"""Sphinx configuration of the documentation."""

project = "CamCOPS"
author = "The CamCOPS engineers"
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
html_theme = "alabaster"
html_theme_options = {
    "description": "Psychiatric and cognitive assessment",
    "fixed_sidebar": True,
    # Tables and commands are wider than the theme's column.
    "page_width": "1240px",
    "body_max_width": "none",
}
myst_heading_anchors = 3
