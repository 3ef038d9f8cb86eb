# SPDX-License-Identifier: GPL-3.0-or-later
"""Passwords: how they are kept, checked and chosen.

New hashes are Argon2id and stand in `password_hash`, a column of ours. A database that came from
CamCOPS 2 has bcrypt hashes in `hashedpw`; they are accepted, and an Argon2id hash is added when the
user next logs in. Each of our hashes names the `hashedpw` it was made beside, so that a password
changed by the old program in the meantime makes ours void. `hashedpw` may not be null: where a
password was set here it holds `UNUSABLE_BCRYPT`, a well-formed hash that no known password has,
which the old program refuses without failing.
"""

import hashlib
import hmac
from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from camcops.problems import PASSWORD_BLANK, PASSWORD_COMMON, PASSWORD_SHORT, Problem

if TYPE_CHECKING:
    from argon2 import PasswordHasher

MINIMUM_LENGTH: Final = 10
BCRYPT_BYTES: Final = 72
"""bcrypt heeds no more of a password than this."""

UNUSABLE_BCRYPT: Final = "$2b$12$" + 53 * "."

_NOBODYS_BCRYPT: Final = "$2b$06$" + 53 * "."
"""To compute against where there is none: as costly as those of CamCOPS 2."""

_MARK_LENGTH: Final = 16


class Verdict(Enum):
    """Does a password fit, and is what is stored as we would store it today?"""

    WRONG = "wrong"
    RIGHT = "right"
    RIGHT_BUT_OLD = "right but old"


@dataclass(frozen=True, slots=True)
class StoredPassword:
    """The two columns of a user that concern the password; neither is shown when printed."""

    password_hash: str | None
    hashedpw: str

    def __repr__(self) -> str:
        return "StoredPassword(…)"


def hash_password(password: str, *, beside: str = UNUSABLE_BCRYPT) -> str:
    """The value of `password_hash` for a password, beside the user's `hashedpw`.

    Argon2id with 19 MiB, two passes, one lane (OWASP Password Storage Cheat Sheet). Takes some 20
    ms.
    """
    return _mark(beside) + _hasher().hash(password)


def new_password(password: str) -> StoredPassword:
    """What to store for a password that is set here. Raises Problem if it breaks the policy."""
    check_password_policy(password)
    return StoredPassword(hash_password(password), UNUSABLE_BCRYPT)


def verify_password(stored: StoredPassword | None, password: str) -> Verdict:
    """Compare a password with what is stored for a user; None stands for a user that does not exist.

    Whatever is stored, a wrong password takes one computation of each kind, so that the time does not
    tell which names exist, nor who has logged in since the server changed.
    """
    ours = _ours(stored)
    verdict = _verify_argon2(ours or _nobodys_hash(), password)
    if ours is not None and verdict is not Verdict.WRONG:
        return verdict
    old = stored.hashedpw if stored is not None and ours is None else UNUSABLE_BCRYPT
    return Verdict.RIGHT_BUT_OLD if _verify_bcrypt(old, password) else Verdict.WRONG


def check_password_policy(password: str) -> None:
    """Raise Problem unless the password may be chosen: not blank, long enough, not well known."""
    if not password.strip():
        raise Problem(PASSWORD_BLANK)
    if len(password) < MINIMUM_LENGTH:
        raise Problem(PASSWORD_SHORT, minimum=MINIMUM_LENGTH)
    if password.lower() in _common_passwords():
        raise Problem(PASSWORD_COMMON)


def _ours(stored: StoredPassword | None) -> str | None:
    """Our Argon2id hash, unless `hashedpw` has changed since it was made."""
    if stored is None or not stored.password_hash:
        return None
    mark, encoded = stored.password_hash[:_MARK_LENGTH], stored.password_hash[_MARK_LENGTH:]
    return encoded if hmac.compare_digest(mark, _mark(stored.hashedpw)) else None


def _mark(hashedpw: str) -> str:
    return hashlib.sha256(hashedpw.encode()).hexdigest()[:_MARK_LENGTH]


def _verify_argon2(encoded: str, password: str) -> Verdict:
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        _hasher().verify(encoded, password)
    except (VerificationError, InvalidHashError):
        return Verdict.WRONG
    return Verdict.RIGHT_BUT_OLD if _hasher().check_needs_rehash(encoded) else Verdict.RIGHT


def _verify_bcrypt(hashed: str, password: str) -> bool:
    import bcrypt

    known = hashed != UNUSABLE_BCRYPT
    try:
        fits = bcrypt.checkpw(
            password.encode()[:BCRYPT_BYTES], (hashed if known else _NOBODYS_BCRYPT).encode()
        )
    except ValueError:  # not a bcrypt hash: no password fits
        return False
    return known and fits


@cache
def _hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


@cache
def _nobodys_hash() -> str:
    """A hash to compute against where there is none; what it was made from does not matter."""
    return _hasher().hash("nobody")


@cache
def _common_passwords() -> frozenset[str]:
    text = (files("camcops.accounts") / "common_passwords.txt").read_text(encoding="utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("# "))
