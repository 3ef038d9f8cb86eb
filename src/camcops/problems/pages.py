# SPDX-License-Identifier: GPL-3.0-or-later
"""What pages say."""

from camcops.problems.kinds import Kind

BAD_PARAMETER = Kind(
    "page.bad-parameter",
    "The address or form has a value that can't be used: {name}.",
    "Allowed is {allowed}.",
    400,
)
FORM_TOO_OLD = Kind(
    "page.form-too-old",
    "The form was opened in an earlier log-in, or not on this site, so nothing was changed.",
    "Go back, reload the page and send it again.",
    403,
)
COOKIE_MISSING = Kind(
    "page.cookie-missing",
    "Your browser sent no cookie with the form, so nothing was changed.",
    "Open this site by its https address, and allow its cookies.",
    403,
)
PAGE_NOT_FOUND = Kind(
    "page.not-found",
    "There is no such page, or it is not yours to see.",
    "Check the address; or look for the patient or task from the main page.",
    404,
)
PAGE_METHOD = Kind(
    "page.method",
    "This address does not answer that kind of request.",
    "Open the page first, and use its form.",
    405,
)
PAGE_FORBIDDEN = Kind(
    "page.forbidden",
    "Your account may not open this page.",
    "If your work needs it, ask an administrator of your group.",
    403,
)
PASSWORD_UNCHANGED = Kind(
    "page.password-unchanged",
    "The new password is the same as the present one.",
    "Choose a different one.",
    400,
)
SECOND_FACTOR_UNAVAILABLE = Kind(
    "page.second-factor-unavailable",
    "Your account asks for a second factor, which this server can't check yet.",
    "Ask an administrator to switch the second factor of your account off.",
    403,
)
