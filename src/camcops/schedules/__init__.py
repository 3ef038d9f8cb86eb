# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks for patients at home: patients made on the server, their access keys, what they are to do and when."""
