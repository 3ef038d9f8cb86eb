# SPDX-License-Identifier: GPL-3.0-or-later
"""The administrators' guide, followed to the letter on a clean Debian."""
