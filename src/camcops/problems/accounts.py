# SPDX-License-Identifier: GPL-3.0-or-later
"""Users, passwords, sessions and permissions."""

from camcops.problems.kinds import Kind

BAD_CREDENTIALS = Kind(
    "bad_credentials",
    "The user name or the password is wrong, or this account may not log in here.",
    "Check both, and the capital letters. If you have forgotten your password, ask an "
    "administrator of your group.",
    401,
)
LOCKED_OUT = Kind(
    "locked_out",
    "After too many failed log-ins this user name is locked until {until:%Y-%m-%d %H:%M} UTC "
    "({minutes} min from now).",
    "Wait until then, log in from where you usually do, or ask an administrator of your group to unlock it.",
    403,
)
ADDRESS_BLOCKED = Kind(
    "address_blocked",
    "After too many failures from your network address, nobody new can log in or register from it until "
    "{until:%Y-%m-%d %H:%M} UTC ({minutes} min from now).",
    "Wait until then. Those who have logged in from there before are not affected.",
    403,
)
PASSWORD_BLANK = Kind("password_blank", "The password is blank.", "Choose another one.")
PASSWORD_SHORT = Kind(
    "password_short",
    "The password is shorter than {minimum} characters.",
    "Choose a longer one: a few unconnected words are easy to remember and hard to guess.",
)
PASSWORD_COMMON = Kind(
    "password_common",
    "The password is one of the best-known leaked passwords, which attackers try first.",
    "Choose another one: a few unconnected words are easy to remember and hard to guess.",
)
USER_NAME_INVALID = Kind(
    "user_name_invalid",
    "The user name {name!r} can't be used.",
    "Use 1 to 191 letters (unaccented), digits, and the characters , _ - {{ }}.",
)
USER_NAME_RESERVED = Kind(
    "user_name_reserved",
    "The user name {name!r} is reserved for the program itself.",
    "Choose another one.",
)
USER_NAME_TAKEN = Kind(
    "user_name_taken",
    "There is already a user called {name!r} (capital letters make no difference).",
    "Choose another name.",
    409,
)
USER_UNKNOWN = Kind(
    "user_unknown", "There is no user called {name!r}.", "Check the spelling of the name.", 404
)
USER_EXISTS_KEEPS_PASSWORD = Kind(
    "user_exists_keeps_password",
    "There is already a user called {name!r}, whose password this command does not change.",
    "Leave the password out to give this user superuser rights; `reset_password` sets a new password.",
    409,
)
GROUP_NAME_INVALID = Kind(
    "group_name_invalid",
    "The group name {name!r} can't be used.",
    "Use 1 to 191 letters (unaccented), digits, and the characters _ -.",
)
GROUP_NAME_TAKEN = Kind(
    "group_name_taken",
    "There is already a group called {name!r} (capital letters make no difference).",
    "Choose another name.",
    409,
)
TEXT_TOO_LONG = Kind(
    "text_too_long",
    "The {what} is longer than {maximum} characters.",
    "Shorten it.",
)
