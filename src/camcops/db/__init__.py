# SPDX-License-Identifier: GPL-3.0-or-later
"""The database: engines, units of work, the schema, and how it is brought up to date."""
