# SPDX-License-Identifier: GPL-3.0-or-later
"""Instruments: defined as data, read, checked and scored. No database, no web, no configuration."""
