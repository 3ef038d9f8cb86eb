# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks for patients at home: patients made on the server, access keys, what is due when."""
