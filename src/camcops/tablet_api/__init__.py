# SPDX-License-Identifier: GPL-3.0-or-later
"""The endpoint that tablets upload to: `/api` and `/database`."""
