# SPDX-License-Identifier: GPL-3.0-or-later
"""Shell scripts that dump MySQL or MariaDB databases and clear old dumps away.

A dump is `DATABASE_YYYYmmddTHHMMSS.sql`. Kept are all of 31 days, the first of each month, and always the
newest; nothing but files of exactly such a name is ever removed.
"""

from collections.abc import Sequence
from pathlib import Path

from camcops.config.readers import NotAllowed
from camcops.deployment.installation import file_path, heading
from camcops.deployment.mysql import NAME

OPTION_FILE = "/etc/camcops-backup/{instance}.cnf"
SCRIPT = "/etc/camcops-backup/{instance}.sh"

OLD_DUMPS = r"""
D2='[0-9][0-9]'
DAY="${D2}${D2}[01][0-9][0-3][0-9]"
TIME="${D2}${D2}${D2}"

# The dumps of database $1 that may go: older than 31 days, not of the first of a month, not the newest.
old_dumps() {
    newest=$(find "$DIRECTORY" -maxdepth 1 -type f \
        \( -name "$1_${DAY}T$TIME.sql" -o -name "$1_${DAY}T${TIME}_with_drop_create_database.sql" \) |
        sort | tail -n 1)
    find "$DIRECTORY" -maxdepth 1 -type f -mtime +31 \
        \( -name "$1_${DAY}T$TIME.sql" -o -name "$1_${DAY}T${TIME}_with_drop_create_database.sql" \) \
        ! -name "$1_??????01T*" ! -path "$newest" -print
}
"""

DUMP = r"""
status=0
part=
finish() {
    [ -z "$part" ] || rm -f -- "$part"
}
trap finish EXIT
trap 'exit 1' HUP INT TERM

complain() {
    echo "$0: $*" >&2
    status=1
}

# Database $1 to a file that appears, under its final name, only when it is whole and on the disk.
dump() {
    final="$DIRECTORY/$1_$(date +%Y%m%dT%H%M%S).sql"
    if [ -e "$final" ]; then
        complain "$final exists already"
        return 1
    fi
    part="$final.part"
    if "$PROGRAM" --defaults-extra-file="$OPTION_FILE" --single-transaction --quick --hex-blob \
        --routines --triggers --events --default-character-set=utf8mb4 \
        --max_allowed_packet=1G "$1" >"$part" &&
        tail -n 1 "$part" | grep -q '^-- Dump completed' &&
        sync "$part" && mv -- "$part" "$final" && sync "$DIRECTORY"; then
        part=
    else
        complain "database $1 was NOT dumped"
        rm -f -- "$part"
        part=
        return 1
    fi
}

# The dump $1 once more, to the place that is outside this machine.
copy() {
    copied="$COPY_TO/$(basename "$1")"
    if ! { cp -- "$1" "$copied.part" && cmp -s -- "$1" "$copied.part" && sync "$copied.part" &&
        mv -- "$copied.part" "$copied"; }; then
        rm -f -- "$copied.part"
        complain "$1 was NOT copied to $COPY_TO"
    fi
}

[ -n "$PROGRAM" ] || { complain "neither mariadb-dump nor mysqldump is installed"; exit 1; }
[ -r "$OPTION_FILE" ] || { complain "can't read $OPTION_FILE"; exit 1; }
case $(stat -L -c %a "$OPTION_FILE") in
*00) ;;
*) complain "others may read $OPTION_FILE: chmod 0600 it" ; exit 1 ;;
esac
mkdir -p "$DIRECTORY" || exit 1
exec 9>"$DIRECTORY/.lock" || exit 1
flock -n 9 || { complain "another dump is still running"; exit 1; }

# Old dumps go only after a new one has been made.
for database in $DATABASES; do
    if dump "$database"; then
        [ -z "$COPY_TO" ] || copy "$final"
        old_dumps "$database" | while read -r old; do rm -f -- "$old"; done
    fi
done
exit $status
"""

PRUNE = r"""
act=no
case "${1-}" in
"") ;;
--delete) act=yes ;;
*)
    echo "usage: $0 [--delete]" >&2
    exit 2
    ;;
esac
[ -d "$DIRECTORY" ] || { echo "$0: there is no directory $DIRECTORY" >&2; exit 1; }
for database in $DATABASES; do
    old_dumps "$database" | while read -r old; do
        echo "$old"
        [ "$act" = no ] || rm -f -- "$old"
    done
done
"""


def dump_script(
    databases: Sequence[str], directory: Path, options: Path, copy_to: Path | None
) -> str:
    """A script for root's crontab; exit status 1 if any database could not be dumped."""
    start = heading(
        "Dump of MySQL or MariaDB databases",
        "Owner root, mode 0700; run it daily from /etc/crontab. The log-in stands in OPTION_FILE, owner",
        "root, mode 0600, so that no list of processes shows a password:",
        "  [client]",
        "  user = NAME",
        "  password = PASSWORD",
        "A dump is NAME_YYYYmmddTHHMMSS.sql, mode 0600. It appears when it is whole. Back it comes with:",
        "  mysql --user=root --password DATABASE < FILE",
        "Exit status 1: something was not dumped or not copied; the message says what.",
    )
    return f"""\
#!/bin/sh
{start}
{_settings(databases, directory)}OPTION_FILE={file_path(options)}
COPY_TO={file_path(copy_to) if copy_to else ""}
# COPY_TO: a folder on another machine's disk, mounted here; every dump is copied into it. Or empty.

set -u
umask 077
PROGRAM=$(command -v mariadb-dump || command -v mysqldump)
{OLD_DUMPS}{DUMP}"""


def prune_script(databases: Sequence[str], directory: Path) -> str:
    """A script that lists old dumps, and with `--delete` removes them."""
    start = heading(
        "Clearing old database dumps away",
        "Lists those that may go; with --delete removes them. Kept are all of the last 31 days (by the",
        "file's time), those of the first of each month, and the newest. Files of other names are never",
        "touched.",
    )
    return f"#!/bin/sh\n{start}\n{_settings(databases, directory)}\nset -u\n{OLD_DUMPS}{PRUNE}"


def _settings(databases: Sequence[str], directory: Path) -> str:
    if wrong := [name for name in databases if not NAME.fullmatch(name)]:
        raise NotAllowed(
            f"databases must be letters, digits and _, a letter first, not {wrong[0]!r}"
        )
    return f'DIRECTORY={file_path(directory)}\nDATABASES="{" ".join(databases)}"\n'
