# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking after an installation: backups, dumps, kits, scores, the audit trail."""

from camcops.problems.kinds import Kind

DOCUMENTATION_MISSING = Kind(
    "docs.missing",
    "No copy of the documentation is installed with this program.",
    "“camcops_server --allhelp” explains every command; “./run docs” in a checkout makes the rest.",
)
WOULD_BE_LOST = Kind(
    "keeping.would_be_lost",
    "The database has parts that this program doesn't know: {parts}.",
    "A copy would lack them, so none was made. Remove them, or use the database's own tools.",
)
TARGET_IN_USE = Kind(
    "keeping.target_in_use",
    "The database to be filled holds data already (table {table}).",
    "Name an empty one, on which only upgrade_db was run. Nothing was changed.",
)
COPY_DIFFERS = Kind(
    "keeping.copy_differs",
    "The copy differs from what was read: {tables}.",
    "Don't use the copy. Make it again; if it differs again, report it.",
)
BACKUP_UNUSABLE = Kind(
    "keeping.backup_unusable",
    "The backup {path} can't be used: {reason}.",
    "Nothing was changed.",
)
META_FAILED = Kind(
    "meta.failed",
    "It failed for {count} configuration files, and was not begun for {undone}.",
    "Correct what is named above, and run it again.",
)
FOLDER_MISSING = Kind("folder_missing", "There is no folder {path}.", "Make it, or name another.")
FOLDER_UNREADABLE = Kind(
    "folder_unreadable",
    "The folder {path} can't be read: {reason}.",
    "Run this as a user who may.",
)
DUMP_PROGRAM_MISSING = Kind(
    "dump.program_missing",
    "There is no program {program} here.",
    "Install the client programs of MariaDB or MySQL, or name the one to use with --mysqldump.",
)
DUMP_FAILED = Kind("dump.failed", "It was not dumped: {reason}.")
DUMPS_FAILED = Kind(
    "dump.some_failed",
    "Of {total} databases, {count} were not dumped.",
    "The reasons stand above. Older dumps are as they were.",
)
DUMP_OPTION_UNUSABLE = Kind(
    "dump.option_unusable",
    "The {name} has characters that no option file can hold.",
    "Choose another one.",
)
DUMP_OTHER_KIND = Kind(
    "dump.other_kind",
    "The configuration names a database of another kind ({found}).",
    "“camcops_server backup” keeps it.",
)
OPTION_FILE_UNREADABLE = Kind(
    "dump.option_file_unreadable",
    "The option file {path} can't be read: {reason}.",
    "Check its name, and that the user running this program may read it.",
)
OPTION_FILE_OPEN = Kind(
    "dump.option_file_open",
    "Others than its owner can read the option file {path}, and the password in it.",
    "Run “chmod 600” on it.",
)
BACKUPS_STUCK = Kind(
    "prune.stuck",
    "{count} backups could not be deleted.",
    "The reasons stand above: most often this user may not write to the folder.",
)
KIT_EXISTS = Kind(
    "make_instance.exists",
    "There is {folder} already.",
    "Nothing was written. Choose another instance name, or another folder with --directory.",
)
KIT_UNWRITTEN = Kind(
    "make_instance.unwritten",
    "The folder {folder} can't be written: {reason}.",
    "Nothing was left there. Name another folder with --directory.",
)
CONFIG_FAULTY = Kind(
    "check_config.faulty",
    "The installation has faults: {count}.",
    "Correct what is named above, and check again.",
)
SCORES_FAILED = Kind(
    "rescore.failed",
    "{count} tasks could not be scored.",
    "The log says which, and where in the program it went wrong.",
)
SEAL_FILE_UNUSABLE = Kind(
    "audit.seal_file_unusable",
    "The file of seals {path} can't be used: {reason}.",
    "See AUDIT_SEAL_FILE in the configuration.",
)
SEAL_FILE_DIFFERS = Kind(
    "audit.seal_file_differs",
    "The file of seals {path} knows seal {number} of the audit trail, which the database has not, or "
    "has otherwise.",
    "Either the database was put back to an earlier state, or the trail was tampered with: find out which, "
    "keep the file, and name a new one in AUDIT_SEAL_FILE. No seal is added to this one.",
)
SEAL_UNREADABLE = Kind(
    "audit.seal_unreadable",
    "The newest seal of the audit trail is not as the program writes them.",
    "Somebody altered it: see `camcops_server audit verify`.",
)
AUDIT_TAMPERED = Kind(
    "audit.tampered",
    "The audit trail is not as it was written: {count} findings.",
    "Keep the database, its backups and the file of seals as they are, and find out who could write to it.",
)
