# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may do what: users, groups, permissions, passwords, log-in and sessions, for every face of
the server.
"""
