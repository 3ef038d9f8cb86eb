# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands that make a new server ready for tablets: types of ID number, groups, users and their rights."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from camcops import problems
from camcops.cli.accounts import SOURCE, asked_password, given_password, password_options
from camcops.cli.shell import ServerCommand, config_option, open_site
from camcops.problems import Problem

if TYPE_CHECKING:
    import sqlalchemy as sa

    from camcops.accounts.groups import Group
    from camcops.accounts.permissions import Permission
    from camcops.site import Site

USES = ("clinical", "commercial", "educational", "research")
METHODS = ("none", "uk_nhs_number")

may_option = click.option(
    "--may",
    metavar="RIGHT,…",
    default="",
    help="What the user may do there: of groupadmin, upload, register_devices, use_webviewer,"
    " view_all_patients_when_unfiltered, dump_data, run_reports, add_notes, manage_patients and"
    " email_patients, joined by commas.",
)


@click.command(cls=ServerCommand)
@config_option(required=False)
@click.argument("which", type=click.IntRange(1, 2**31 - 1))
@click.option("--description", required=True, help="In full, e.g. NHS number.")
@click.option("--short", help="Short, for lists. [the description]")
@click.option(
    "--validation",
    type=click.Choice(METHODS),
    default="none",
    help="How a number is known to be valid. [none]",
)
def make_idnum_type(
    config: Path | None, which: int, description: str, short: str | None, validation: str
) -> None:
    """Make a type of ID number, such as hospital numbers.

    WHICH is its number: policies call numbers of this type idnumWHICH.
    """
    from camcops.records.idnums import IdNumType, create_idnum_type

    method = "" if validation == "none" else validation
    made = IdNumType(which, description, short or description, method)
    site = open_site(config)

    def work(conn: "sa.Connection") -> None:
        create_idnum_type(conn, made)
        record(site, conn, "_idnum_definitions", which, f"ID number type {which} made")

    site.database.write(work)
    click.echo(f"Made ID number type {which}: {description}.", err=True)


@click.command(cls=ServerCommand)
@config_option(required=False)
@click.argument("name")
@click.option("--description", default="", help="In full.")
@click.option(
    "--upload_policy",
    default="sex AND anyidnum",
    show_default=True,
    help="What must be known of a patient whose records are uploaded.",
)
@click.option(
    "--finalize_policy",
    default="sex AND dob AND forename AND surname AND anyidnum",
    show_default=True,
    help="What must be known of a patient whose records a tablet hands over for good.",
)
@click.option(
    "--use",
    "uses",
    type=click.Choice(USES),
    multiple=True,
    help="What the group uses instruments for; may be repeated. Some may be used only for some of these.",
)
def make_group(
    config: Path | None,
    name: str,
    description: str,
    upload_policy: str,
    finalize_policy: str,
    uses: tuple[str, ...],
) -> None:
    """Make a group: the owner of the records that its members upload."""
    from camcops.accounts.groups import create_group, set_uses

    site = open_site(config)

    def work(conn: "sa.Connection") -> None:
        for policy in (upload_policy, finalize_policy):
            check_policy(conn, policy)
        number = create_group(
            conn,
            name=name,
            description=description,
            upload_policy=upload_policy,
            finalize_policy=finalize_policy,
        )
        set_uses(conn, number, uses)
        record(site, conn, "_security_groups", number, f"Group {name} made")

    site.database.write(work)
    click.echo(f"Made group {name}.", err=True)


@click.command(cls=ServerCommand)
@config_option(required=False)
@click.argument("username")
@click.option("--group", required=True, help="The group to which the user belongs.")
@may_option
@click.option("--fullname", default="", help="The person's name.")
@click.option("--email", default="", help="The person's e-mail address.")
@click.option(
    "--must_change_password", is_flag=True, help="Demand a new password at the first log-in."
)
@password_options
def make_user(
    config: Path | None,
    username: str,
    group: str,
    may: str,
    fullname: str,
    email: str,
    must_change_password: bool,
    password_stdin: bool,
    password_file: Path | None,
) -> None:
    """Make a user of one group; `add_to_group` adds further groups.

    The password is asked for twice, unless given by one of the options. A user who may upload uploads into
    this group.
    """
    from camcops.accounts.users import check_username, create_user

    rights = permissions(may)
    check_username(username)
    given = given_password(None, password_stdin, password_file)
    site = open_site(config)
    chosen = given if given is not None else asked_password()

    def work(conn: "sa.Connection") -> None:
        belongs = group_called(conn, group)
        number = create_user(
            conn,
            username=username,
            password=chosen,
            fullname=fullname,
            email=email,
            language=site.settings.site.language,
            must_change_password=must_change_password,
        )
        record(site, conn, "_security_users", number, f"User {username} created")
        give_rights(site, conn, number, username, belongs, rights)

    site.database.write(work)
    click.echo(f"Made user {username}.", err=True)


@click.command(cls=ServerCommand)
@config_option(required=False)
@click.argument("username")
@click.argument("group")
@may_option
def add_to_group(config: Path | None, username: str, group: str, may: str) -> None:
    """Make a user a member of a group, or give a member other rights there.

    The rights named replace those that the user had in this group.
    """
    from camcops.accounts.users import find_user
    from camcops.cli.accounts import existing

    rights = permissions(may)
    site = open_site(config)

    def work(conn: "sa.Connection") -> None:
        user = existing(find_user(conn, username), username)
        belongs = group_called(conn, group)
        first = user.upload_group_id is None
        give_rights(site, conn, user.id, user.username, belongs, rights, uploads=first)

    site.database.write(work)
    click.echo(f"User {username} is a member of group {group}.", err=True)


def give_rights(
    site: "Site",
    conn: "sa.Connection",
    user_id: int,
    username: str,
    group: "Group",
    rights: "frozenset[Permission]",
    *,
    uploads: bool = True,
) -> None:
    """Add the membership; `uploads`: the group is the one to upload into, if the user may; audited."""
    from camcops.accounts.permissions import Permission
    from camcops.accounts.users import add_membership, choose_upload_group

    add_membership(conn, user_id, group.id, rights)
    if uploads and Permission.MAY_UPLOAD in rights:
        choose_upload_group(conn, user_id, group.id)
    names = ", ".join(sorted(rights)) or "no rights"
    details = f"User {username} is a member of group {group.name}: {names}"
    record(site, conn, "_security_users", user_id, details)


def permissions(text: str) -> "frozenset[Permission]":
    """The permissions that a list names, with or without `may_`. Raises a usage error for another word."""
    from camcops.accounts.permissions import Permission

    known = {permission.removeprefix("may_"): permission for permission in Permission}
    words = [word.strip().removeprefix("may_") for word in text.split(",") if word.strip()]
    unknown = [word for word in words if word not in known]
    if unknown:
        rights = ", ".join(known)
        raise click.BadParameter(
            f"{unknown[0]!r} is no right; there are {rights}.", param_hint="--may"
        )
    return frozenset(known[word] for word in words)


def check_policy(conn: "sa.Connection", policy: str) -> None:
    """Refuse a policy that nobody could satisfy because of a slip."""
    from camcops.records.idnums import definitions
    from camcops.records.policies import idnums_named, parse_policy

    if not parse_policy(policy).valid:
        raise Problem(problems.POLICY_INVALID, policy=policy)
    unknown = idnums_named(policy) - definitions(conn).keys()
    if unknown:
        raise Problem(problems.IDNUM_TYPE_UNKNOWN, which=min(unknown))


def group_called(conn: "sa.Connection", name: str) -> "Group":
    from camcops.accounts.groups import find_group

    found = find_group(conn, name)
    if found is None:
        raise Problem(problems.GROUP_UNKNOWN, name=name)
    return found


def record(site: "Site", conn: "sa.Connection", table: str, pk: int, details: str) -> None:
    site.audit.record(conn, source=SOURCE, table_name=table, server_pk=pk, details=details)
