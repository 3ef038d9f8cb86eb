# SPDX-License-Identifier: GPL-3.0-or-later
"""Files for the programs around ours: front-end web servers, supervisors, database, backups.

Each module writes the files of one product from the description of one installation.
"""
