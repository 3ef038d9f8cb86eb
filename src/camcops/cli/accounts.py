# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands about users: making a superuser, setting a password, unlocking."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from camcops import problems
from camcops.cli.hidden_argument import hide_argument
from camcops.cli.shell import ServerCommand, config_option, open_site
from camcops.problems import Problem

if TYPE_CHECKING:
    import sqlalchemy as sa

    from camcops.accounts.users import User
    from camcops.site import Site

SOURCE = "console"
PASSWORD_VARIABLE = "CAMCOPS_NEW_PASSWORD"  # noqa: S105  a name


def password_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The ways of giving a password without typing it."""
    file = click.option(
        "--password_file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="A file whose first line is the password.",
    )
    line = click.option(
        "--password_stdin",
        is_flag=True,
        help="Read the password from standard input, one line.",
    )
    return line(file(command))


@click.command(cls=ServerCommand)
@config_option(required=False)
@click.option("--username", help="The user's name; asked for if not given.")
@click.option(
    "--password",
    help="The password of a new user. Other users of this machine may see it in the list of"
    " processes: --password_stdin and --password_file are safer.",
)
@password_options
def make_superuser(
    config: Path | None,
    username: str | None,
    password: str | None,
    password_stdin: bool,
    password_file: Path | None,
) -> None:
    """Make a user who may do everything.

    A user who exists keeps the password and becomes a superuser; else one is made. What is not given
    is asked for. The environment variable CAMCOPS_NEW_PASSWORD can give the password too.
    """
    from camcops.accounts.users import find_user

    given = given_password(password, password_stdin, password_file)
    site = open_site(config)

    def check(text: str) -> None:
        check_name(site, text)

    name = asked("User name", check) if username is None else username
    check(name)
    known = site.database.read(lambda conn: find_user(conn, name))
    if known is None:
        chosen = given if given is not None else asked_password()
        create_superuser(site, name, chosen)
        click.echo(f"Made superuser {name}.", err=True)
        return
    if given is not None:
        raise Problem(problems.USER_EXISTS_KEEPS_PASSWORD, name=known.username)
    promote(site, known)
    click.echo(f"User {known.username} is a superuser.", err=True)


@click.command(cls=ServerCommand)
@config_option(required=False)
@click.option("--username", help="The user's name; asked for if not given.")
@password_options
def reset_password(
    config: Path | None, username: str | None, password_stdin: bool, password_file: Path | None
) -> None:
    """Set a user's password, and unlock the user.

    The password is asked for twice, unless given by one of the options or by the environment variable
    CAMCOPS_NEW_PASSWORD. Afterwards the user need not change it, and the user's sessions are ended.
    """
    given = given_password(None, password_stdin, password_file)
    site = open_site(config)
    user = named_user(site, username)
    chosen = given if given is not None else asked_password()
    give_password(site, user, chosen)
    click.echo(f"Set the password of user {user.username}.", err=True)


@click.command(cls=ServerCommand)
@config_option(required=False)
@click.option("--username", help="The user's name; asked for if not given.")
def enable_user(config: Path | None, username: str | None) -> None:
    """Unlock a user who was locked out after failed log-ins."""
    site = open_site(config)
    user = named_user(site, username)
    enable(site, user)
    click.echo(f"User {user.username} is unlocked.", err=True)


def create_superuser(site: "Site", name: str, password: str) -> None:
    """Make a new superuser, with the site's language; audited."""
    from camcops.accounts.users import create_user

    def work(conn: "sa.Connection") -> None:
        user_id = create_user(
            conn,
            username=name,
            password=password,
            superuser=True,
            language=site.settings.site.language,
        )
        record(site, conn, user_id, f"Superuser {name} created")

    site.database.write(work)


def promote(site: "Site", user: "User") -> None:
    """Make a known user a superuser; audited."""
    from camcops.accounts.users import grant_superuser

    def work(conn: "sa.Connection") -> None:
        grant_superuser(conn, user.id)
        record(site, conn, user.id, f"User {user.username} made superuser")

    site.database.write(work)


def give_password(site: "Site", user: "User", password: str) -> None:
    """Set a password, unlock the user and end the user's sessions; audited."""
    from camcops.accounts.signin import unlock
    from camcops.accounts.users import set_password

    def work(conn: "sa.Connection") -> None:
        set_password(conn, user.id, password)
        unlock(conn, user.username)
        record(site, conn, user.id, f"Password changed for user {user.username}")

    site.database.write(work)


def enable(site: "Site", user: "User") -> None:
    """Lift locks and forget failures; audited."""
    from camcops.accounts.signin import unlock

    def work(conn: "sa.Connection") -> None:
        unlock(conn, user.username)
        record(site, conn, user.id, f"Account {user.username} unlocked")

    site.database.write(work)


def record(site: "Site", conn: "sa.Connection", user_id: int, details: str) -> None:
    site.audit.record(
        conn,
        source=SOURCE,
        table_name="_security_users",
        server_pk=user_id,
        details=details,
    )


def named_user(site: "Site", name: str | None) -> "User":
    """The user with a given name, who must exist; without one, ask until it is a user's."""
    from camcops.accounts.users import find_user

    if name is not None:
        return existing(site.database.read(lambda conn: find_user(conn, name)), name)
    found: list[User] = []

    def check(text: str) -> None:
        found.append(existing(site.database.read(lambda conn: find_user(conn, text)), text))

    asked("User name", check)
    return found[-1]


def existing(user: "User | None", name: str) -> "User":
    """The user, unless there is none or it is the program's own."""
    from camcops.accounts.permissions import is_system

    if user is None:
        raise Problem(problems.USER_UNKNOWN, name=name)
    if is_system(user):
        raise Problem(problems.USER_NAME_RESERVED, name=name)
    return user


def check_name(site: "Site", name: str) -> None:
    """Refuse the reserved name, and names a new user may not have; old databases hold some of these."""
    from camcops.accounts.permissions import is_system
    from camcops.accounts.users import check_username, find_user

    user = site.database.read(lambda conn: find_user(conn, name))
    if user is None or is_system(user):
        check_username(name)


def given_password(
    password: str | None,
    from_input: bool,
    file: Path | None,
    variable: str = PASSWORD_VARIABLE,
) -> str | None:
    """The password that the options give, else the environment's, if any; at most one option may be used."""
    if sum((password is not None, from_input, file is not None)) > 1:
        raise click.UsageError("Give the password in one way only.")
    if password:
        hide_argument(password)
    if from_input:
        return first_line(sys.stdin.readline())
    if file is not None:
        return first_line(file.read_text(encoding="utf-8"))
    return os.environ.get(variable) if password is None else password


def first_line(text: str) -> str:
    """The first line, without its end; an empty input gives a blank password, which is refused later."""
    return text.partition("\n")[0].rstrip("\r")


def asked_password() -> str:
    """Ask for a new password, twice, until it may be used."""
    from camcops.accounts.passwords import check_password_policy

    return asked("Password", check_password_policy, hide_input=True, confirmation_prompt=True)


def asked(what: str, check: Callable[[str], None], **how: Any) -> str:
    """Ask until the answer passes the check; the end of the input ends the command."""
    while True:
        answer: str = click.prompt(what, err=True, **how)
        try:
            check(answer)
        except Problem as problem:
            click.echo(problem.message, err=True)
        else:
            return answer
