# SPDX-License-Identifier: GPL-3.0-or-later
"""What a stored record is: life-cycle, patients and ID numbers, policies, indexes, scores, reading."""
