# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages for people: one module per subject, templates and static files beside them."""
