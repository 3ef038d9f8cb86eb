# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeping an installation in good order: its state, checks of its set-up, what runs beside the pages."""
