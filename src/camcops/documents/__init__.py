# SPDX-License-Identifier: GPL-3.0-or-later
"""Documents: neutral trees built from a record, and writers that put them on a page or on paper."""
