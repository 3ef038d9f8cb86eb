# SPDX-License-Identifier: GPL-3.0-or-later
"""SQL that makes a database and its accounts on MariaDB (10.3 or newer) or MySQL (5.7 or newer)."""

import re
import secrets
from dataclasses import dataclass, replace

from camcops.config.readers import NotAllowed
from camcops.deployment.installation import heading

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,31}")
PASSWORD = re.compile(r"[A-Za-z0-9_-]{1,64}")
CLIENT = re.compile(r"%|[A-Za-z0-9.:_%-]{1,60}")
PASSWORD_BYTES = 24


@dataclass(frozen=True, kw_only=True, slots=True)
class Accounts:
    """A database and who may use it. Raises `NotAllowed` for what can't stand in the statements.

    `client` is the host from which the accounts log in. `keeper`, if named, may only read for backups.
    """

    database: str = "camcops"
    owner: str = "YYYYYY_REPLACE_ME"
    owner_password: str = "ZZZZZZ_REPLACE_ME"  # noqa: S105 - a placeholder
    reader: str = "QQQQQQ_REPLACE_ME"
    reader_password: str = "PPPPPP_REPLACE_ME"  # noqa: S105
    keeper: str | None = None
    keeper_password: str = "KKKKKK_REPLACE_ME"  # noqa: S105
    client: str = "localhost"

    def __post_init__(self) -> None:
        for name in ("database", "owner", "reader", "keeper"):
            value = getattr(self, name)
            if value is not None and not NAME.fullmatch(value):
                raise NotAllowed(
                    f"{name} must be 1 to 32 letters, digits and _, a letter first, not {value!r}"
                )
        for name in ("owner_password", "reader_password", "keeper_password"):
            if not PASSWORD.fullmatch(getattr(self, name)):
                raise NotAllowed(f"{name} must be 1 to 64 letters, digits, _ and -")
        if not CLIENT.fullmatch(self.client):
            raise NotAllowed(f"client must be a host or an address, not {self.client!r}")
        names = [name for name in (self.owner, self.reader, self.keeper) if name]
        if len(set(names)) != len(names):
            raise NotAllowed("each account must have a name of its own")

    def with_new_passwords(self) -> "Accounts":
        return replace(
            self,
            owner_password=secrets.token_urlsafe(PASSWORD_BYTES),
            reader_password=secrets.token_urlsafe(PASSWORD_BYTES),
            keeper_password=secrets.token_urlsafe(PASSWORD_BYTES),
        )


def create_database(accounts: Accounts) -> str:
    """The statements. An account that exists already makes them fail: its password is never changed."""
    scope = accounts.database.replace("_", r"\_")  # within GRANT, _ stands for any character
    return f"""\
{_heading()}
-- utf8mb4: names and answers in any script. Without it, older servers would take latin1.

CREATE DATABASE {accounts.database} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

-- The account of the program, with rights on this database alone. Accounts are known to the whole
-- server: another instance needs another name. If the name is taken, this fails and changes nothing.

{_account(accounts, accounts.owner, accounts.owner_password)}
GRANT ALL PRIVILEGES ON `{scope}`.* TO '{accounts.owner}'@'{accounts.client}';

-- An account that can only read, for analysts who use the database directly. It sees everything,
-- the audit trail too: leave it out if nobody needs it.

{_account(accounts, accounts.reader, accounts.reader_password)}
GRANT SELECT ON `{scope}`.* TO '{accounts.reader}'@'{accounts.client}';
{_keeper(accounts, scope)}"""


def _heading() -> str:
    return heading(
        "Statements that make a database for CamCOPS",
        "Replace what ends in _REPLACE_ME, then run this once as the server's administrator:",
        "  mysql --host=127.0.0.1 --port=3306 --user=root --password < FILE",
        "Put the program's account into DB_URL of the CamCOPS configuration. Keep this file from others:",
        "once filled, it holds passwords.",
        "",
        "Advisable in the server's configuration (then restart it):",
        "  [mysqld]",
        "  max_allowed_packet = 32M          as photographs need",
        "  innodb_file_per_table = 1",
        "  innodb_strict_mode = 1",
        "  innodb_flush_log_at_trx_commit = 2    optional: faster, but a power failure can lose a second",
        "  [mysqldump]",
        "  max_allowed_packet = 32M",
        mark="--",
    )


def _account(accounts: Accounts, name: str, password: str) -> str:
    return f"CREATE USER '{name}'@'{accounts.client}' IDENTIFIED BY '{password}';"


def _keeper(accounts: Accounts, scope: str) -> str:
    if accounts.keeper is None:
        return ""
    return f"""
-- The account of the backup: it reads, and nothing else.

{_account(accounts, accounts.keeper, accounts.keeper_password)}
GRANT SELECT, SHOW VIEW, TRIGGER, EVENT, LOCK TABLES ON `{scope}`.*
    TO '{accounts.keeper}'@'{accounts.client}';
"""


def option_file(accounts: Accounts, socket: str | None = None) -> str:
    """What the dump script logs in with: a file for root alone, so that no process list shows a password."""
    where = f"socket = {socket}" if socket else "host = localhost"
    return f"""\
{heading("Log-in of the database dump", "Owner root, mode 0600.")}
[client]
user = {accounts.keeper or accounts.owner}
password = {accounts.keeper_password if accounts.keeper else accounts.owner_password}
{where}
"""
