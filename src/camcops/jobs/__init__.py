# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes that work in the background: the scheduler, and the workers that settle the outbox.

The database's rows are the truth: nothing else need be running, and any number of these processes may be.
"""
