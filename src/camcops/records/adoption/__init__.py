# SPDX-License-Identifier: GPL-3.0-or-later
"""Taking over a database that CamCOPS 2.4 made, and leaving it usable by CamCOPS 2.4."""
