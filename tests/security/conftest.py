# SPDX-License-Identifier: GPL-3.0-or-later
"""The server and people of the tests of the pages, for attacking them."""

from tests.web.conftest import annie, browser, people, peopled, serve, site, site_database

__all__ = ["annie", "browser", "people", "peopled", "serve", "site", "site_database"]
