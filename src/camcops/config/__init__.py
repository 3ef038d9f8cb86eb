# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration file: typed, checked, immutable settings."""

from camcops.config.load import Settings, load

__all__ = ["Settings", "load"]
