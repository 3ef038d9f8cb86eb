# SPDX-License-Identifier: GPL-3.0-or-later
"""A server to look around in: invented patients, uploaded the way a tablet does it."""
