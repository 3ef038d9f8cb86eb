# SPDX-License-Identifier: GPL-3.0-or-later
"""The database: reaching it, its state, upgrading and adopting it."""

from camcops.problems.kinds import Kind

DATABASE_URL_UNUSABLE = Kind(
    "database_url_unusable",
    "DB_URL can't be used: {reason}.",
    "Give the address of an SQLite file, or of a MariaDB, MySQL or PostgreSQL database.",
    http=500,
)
DATABASE_UNAVAILABLE = Kind(
    "database_unavailable",
    "The database can't be used: {reason}.",
    "Try again shortly. If it stays so, the administrator should check that the database server "
    "runs, and DB_URL in the configuration file.",
    http=503,
)
DATABASE_ABSENT = Kind(
    "database_absent",
    "The server has no database of the name in DB_URL, or does not let this user see it.",
    "Make it (“camcops_server demo_mysql_create_db” prints the SQL for MariaDB and MySQL), then run "
    "“camcops_server upgrade_db”.",
    http=503,
)
DATABASE_LOGIN_REFUSED = Kind(
    "database_login_refused",
    "The database server refuses the user name or the password in DB_URL.",
    "Correct DB_URL in the configuration file, or the account on the server.",
    http=503,
)
DATABASE_RIGHT_LACKING = Kind(
    "database_right_lacking",
    "The user in DB_URL lacks a right on the database: {right}.",
    "Let the database's administrator grant that user all rights on this database, and on no other.",
    http=503,
)
DATABASE_BUSY = Kind(
    "database_busy",
    "The database is too busy with the work of others.",
    "Nothing was changed. Try again shortly.",
    http=503,
)
DATABASE_EMPTY = Kind(
    "database_empty",
    "The database has no CamCOPS tables yet.",
    "Run “camcops_server upgrade_db”.",
    http=503,
)
DATABASE_OUTDATED = Kind(
    "database_outdated",
    "The database is older than this program (revision found: {found}; expected: {expected}).",
    "Make a backup, then run “camcops_server upgrade_db”.",
    http=503,
)
DATABASE_NEWER = Kind(
    "database_newer",
    "The database was upgraded by a newer program (revision found: {found}; expected: {expected}).",
    "Install that version of the program; “camcops_server upgrade_db” can't go back.",
    http=503,
)
DATABASE_LACKS_TABLES = Kind(
    "database_lacks_tables",
    "The instruments have changed since the database was last upgraded (revision found: "
    "{found}; expected: {expected}).",
    "Run “camcops_server upgrade_db”.",
    http=503,
)
DATABASE_OF_CAMCOPS_2 = Kind(
    "database_of_camcops_2",
    "The database belongs to CamCOPS 2 at revision {found}; only one at revision {needed} can be taken over.",
    "Nothing was changed. Let CamCOPS 2.4 bring it to that revision first, or name an empty "
    "database in DB_URL.",
    http=503,
)
DATABASE_TO_ADOPT = Kind(
    "database_to_adopt",
    "The database belongs to CamCOPS 2.4 and has not been taken over yet, or not wholly.",
    "Stop CamCOPS 2.4, make a backup and run “camcops_server upgrade_db”.",
    http=503,
)
DATABASE_NOT_ADOPTED = Kind(
    "database_not_adopted",
    "The database was not taken over from CamCOPS 2.4, or not wholly: there is nothing to finish.",
    "If it belongs to CamCOPS 2.4, run “camcops_server upgrade_db” first.",
)
ADOPTION_UNCONFIRMED = Kind(
    "adoption_unconfirmed",
    "Nothing was changed: once the adoption is finished, CamCOPS 2.4 may not be able to use "
    "the database again.",
    "If that is what you want, add “--confirm_finish_adoption”.",
)
