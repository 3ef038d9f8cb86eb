# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeping a database safe: whole copies of its rows, in a file or in another database."""
