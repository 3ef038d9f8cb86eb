# SPDX-License-Identifier: GPL-3.0-or-later
"""How passwords are kept, checked and chosen."""

import bcrypt
import pytest

from camcops.accounts import passwords
from camcops.accounts.passwords import (
    UNUSABLE_BCRYPT,
    StoredPassword,
    Verdict,
    check_password_policy,
    hash_password,
    new_password,
    verify_password,
)
from camcops.problems import (
    PASSWORD_BLANK,
    PASSWORD_COMMON,
    PASSWORD_SHORT,
    Kind,
    Problem,
)

GOOD = "pencil harbour sixteen"


def adopted(password: str) -> StoredPassword:
    """As CamCOPS 2 leaves a user: bcrypt of cost 6, nothing of ours."""
    hashed = bcrypt.hashpw(password.encode(), bcrypt.gensalt(6))
    return StoredPassword(None, hashed.decode())


def test_new_password_is_argon2id_and_fits_its_column() -> None:
    stored = new_password(GOOD)
    assert stored.password_hash is not None
    assert "$argon2id$v=19$m=19456,t=2,p=1$" in stored.password_hash
    assert len(stored.password_hash) <= 255
    assert verify_password(stored, GOOD) is Verdict.RIGHT
    assert verify_password(stored, GOOD + "!") is Verdict.WRONG


def test_same_password_gets_another_salt() -> None:
    assert hash_password(GOOD) != hash_password(GOOD)


def test_old_column_of_new_users_is_a_bcrypt_hash_that_nothing_fits() -> None:
    assert len(UNUSABLE_BCRYPT) == 60
    assert bcrypt.checkpw(GOOD.encode(), UNUSABLE_BCRYPT.encode()) is False
    assert verify_password(StoredPassword(None, UNUSABLE_BCRYPT), "") is Verdict.WRONG


def test_bcrypt_of_an_adopted_user_fits_and_is_due_for_renewal() -> None:
    stored = adopted(GOOD)
    assert verify_password(stored, GOOD) is Verdict.RIGHT_BUT_OLD
    assert verify_password(stored, GOOD.upper()) is Verdict.WRONG


def test_bcrypt_heeds_seventy_two_bytes_and_longer_passwords_still_fit() -> None:
    long = "é" * 60
    stored = StoredPassword(None, bcrypt.hashpw(long.encode()[:72], bcrypt.gensalt(4)).decode())
    assert verify_password(stored, long) is Verdict.RIGHT_BUT_OLD


@pytest.mark.parametrize("hashed", ["", "!", "plain text", "$2b$99$nonsense"])
def test_what_is_not_a_hash_fits_nothing(hashed: str) -> None:
    assert verify_password(StoredPassword(None, hashed), hashed) is Verdict.WRONG
    assert verify_password(StoredPassword("0" * 16 + hashed, hashed), hashed) is Verdict.WRONG


def test_password_changed_by_the_old_program_makes_ours_void() -> None:
    before = adopted(GOOD)
    renewed = StoredPassword(hash_password(GOOD, beside=before.hashedpw), before.hashedpw)
    assert verify_password(renewed, GOOD) is Verdict.RIGHT
    changed = StoredPassword(renewed.password_hash, adopted("another pass phrase").hashedpw)
    assert verify_password(changed, GOOD) is Verdict.WRONG
    assert verify_password(changed, "another pass phrase") is Verdict.RIGHT_BUT_OLD


def test_weaker_argon2_is_due_for_renewal() -> None:
    from argon2 import PasswordHasher

    weak = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(GOOD)
    mark = hash_password(GOOD)[:16]
    stored = StoredPassword(mark + weak, UNUSABLE_BCRYPT)
    assert verify_password(stored, GOOD) is Verdict.RIGHT_BUT_OLD


@pytest.mark.parametrize("kind", ["ours", "adopted", "unknown", "broken"])
def test_every_wrong_password_costs_one_argon2_computation(
    monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    stored = {
        "ours": new_password(GOOD),
        "adopted": adopted(GOOD),
        "unknown": None,
        "broken": StoredPassword("not a hash", "nor this"),
    }[kind]
    hasher = passwords._hasher()
    computed: list[str] = []

    class Counting:
        def verify(self, encoded: str, password: str) -> bool:
            computed.append(encoded)
            return hasher.verify(encoded, password)

    passwords._nobodys_hash()
    monkeypatch.setattr(passwords, "_hasher", Counting)
    assert verify_password(stored, "a wrong password") is Verdict.WRONG
    assert len(computed) == 1
    assert "$argon2id$v=19$m=19456,t=2,p=1$" in computed[0]


@pytest.mark.parametrize(
    ("password", "kind"),
    [
        ("", PASSWORD_BLANK),
        (" " * 12, PASSWORD_BLANK),
        ("short one", PASSWORD_SHORT),
        ("qwertyuiop", PASSWORD_COMMON),
        ("PassWord123", PASSWORD_COMMON),
        ("Manchester", PASSWORD_COMMON),
    ],
)
def test_policy_refuses(password: str, kind: Kind) -> None:
    with pytest.raises(Problem) as caught:
        check_password_policy(password)
    assert caught.value.kind is kind
    assert not password.strip() or password not in caught.value.message


@pytest.mark.parametrize("password", [GOOD, "ten chars!", "пароль на каждый день"])
def test_policy_accepts(password: str) -> None:
    check_password_policy(password)


def test_list_of_leaked_passwords_is_clean() -> None:
    words = passwords._common_passwords()
    assert len(words) > 2000
    assert all(word == word.lower() and len(word) >= 10 for word in words)


def test_stored_password_does_not_show_itself() -> None:
    assert "argon2" not in repr(new_password(GOOD))
