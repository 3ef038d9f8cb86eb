# SPDX-License-Identifier: GPL-3.0-or-later
"""The application behind a web server: what wraps it, and the servers that can run it."""
