# SPDX-License-Identifier: GPL-3.0-or-later
"""How every command behaves: lazily loaded, abbreviable options, plain errors, one kind of log."""

import importlib
import logging
import os
import sys
from collections.abc import Callable, Mapping, MutableSequence, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from camcops import CONFIG_VARIABLE, problems
from camcops.problems import Problem
from camcops.serving.log_lines import PLAIN, formatter, use_format

if TYPE_CHECKING:
    from camcops.config import Settings
    from camcops.site import Site

FC = TypeVar("FC", bound=Callable[..., Any] | click.Command)

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@dataclass(frozen=True, slots=True)
class Entry:
    """One command of the program: where it is defined and what it does, in a line."""

    module: str
    name: str
    summary: str


class ServerCommand(click.Command):
    """A command whose long options may be abbreviated, and which takes `-v` itself."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("context_settings", CONTEXT)
        super().__init__(*args, **kwargs)
        self.params.append(
            click.Option(
                ["-v", "--verbose"],
                is_flag=True,
                expose_value=False,
                callback=_verbose,
                help="Log details, for finding faults.",
            )
        )

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, unabbreviated(self, ctx, args))


def unabbreviated(command: click.Command, ctx: click.Context, args: Sequence[str]) -> list[str]:
    """Replace each unambiguous beginning of a long option by its whole name."""
    known = {
        option
        for parameter in command.get_params(ctx)
        for option in (*parameter.opts, *parameter.secondary_opts)
        if option.startswith("--")
    }
    whole: list[str] = []
    for number, arg in enumerate(args):
        if arg == "--":
            return [*whole, *args[number:]]
        name, equals, value = arg.partition("=")
        if name.startswith("--") and name not in known:
            meant = sorted(option for option in known if option.startswith(name))
            if len(meant) > 1:
                raise click.UsageError(f"{name} could be {' or '.join(meant)}.", ctx)
            name = meant[0] if meant else name
        whole.append(name + equals + value)
    return whole


class LazyGroup(click.Group):
    """A group that imports a command's module only when the command is used."""

    def __init__(self, *args: Any, entries: Mapping[str, Entry], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.entries = entries

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.entries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = self.entries.get(cmd_name)
        if entry is None:
            return None
        command: click.Command = getattr(importlib.import_module(entry.module), entry.name)
        command.name = cmd_name  # Click would write it with hyphens
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in self.entries.items()])

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, [*_before_command(self, ctx, args)])


def _before_command(group: click.Group, ctx: click.Context, args: list[str]) -> Sequence[str]:
    """Only the options before the command are the group's own to abbreviate."""
    end = next((n for n, arg in enumerate(args) if not arg.startswith("-")), len(args))
    return [*unabbreviated(group, ctx, args[:end]), *args[end:]]


def _verbose(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        ctx.find_root().ensure_object(dict)["verbose"] = True
        for handler in logging.getLogger().handlers:
            handler.setLevel(logging.DEBUG)


def start_log(*, verbose: bool = False, silent: bool = False) -> None:
    """Send the log to standard error, so that standard output is only what the command makes."""
    handler: logging.Handler
    if silent:
        handler = logging.NullHandler()
    else:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(formatter(PLAIN))
        handler.setLevel(logging.DEBUG if verbose else logging.INFO)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    logging.getLogger("alembic").setLevel(logging.DEBUG if verbose else logging.WARNING)


def config_option(*, required: bool) -> Callable[[FC], FC]:
    """The `--config` option: required where the wrong database could be altered by accident."""
    return click.option(
        "--config",
        "config",
        metavar="FILE",
        required=required,
        type=click.Path(dir_okay=False, readable=False, path_type=Path),
        help="The configuration file."
        + ("" if required else f" Otherwise the environment variable {CONFIG_VARIABLE} names it."),
    )


def config_path(config: Path | None) -> Path:
    """The configuration file that the command line or the environment names; child processes inherit it."""
    name = config or os.environ.get(CONFIG_VARIABLE)
    if not name:
        raise Problem(problems.CONFIG_UNNAMED)
    path = Path(name).absolute()
    os.environ[CONFIG_VARIABLE] = str(path)
    return path


def settings_of(config: Path | None, overrides: Mapping[str, str] | None = None) -> "Settings":
    """Load the settings that the command line or the environment names."""
    from camcops.config import load

    path = config_path(config)
    settings = load(path, overrides)
    use_format(settings.site.log_format)
    for warning in settings.warnings:
        logging.getLogger("camcops.config").warning("%s: %s", path, warning)
    logging.getLogger().setLevel(settings.site.webview_loglevel)
    logging.getLogger("camcops.tablet_api").setLevel(settings.site.client_api_loglevel)
    return settings


def open_site(
    config: Path | None, overrides: Mapping[str, str] | None = None, *, serving: bool = False
) -> "Site":
    """The installation that the configuration describes, its database at the revision we need.

    `serving`: it answers people who wait (see `Site.open`).
    """
    from camcops.db.state import require_current
    from camcops.site import Site

    site = Site.open(settings_of(config, overrides), serving=serving)
    close_at_end(site)
    require_current(site.database)
    return site


def close_at_end(site: "Site") -> None:
    """Close the database's connections when the command has ended."""
    click.get_current_context().call_on_close(site.database.engine.dispose)


def run(
    group: click.Command,
    args: MutableSequence[str] | None = None,
    program: str = "camcops_server",
) -> int:
    """Run the program and return its exit status: 0 done, 1 failed, 2 wrongly called."""
    context: dict[str, bool] = {}
    try:
        result = group.main(args, prog_name=program, standalone_mode=False, obj=context)
    except Problem as problem:
        if context.get("verbose"):
            logging.getLogger(__name__).debug("Where it arose", exc_info=True)
        click.echo(f"{program}: {problem.message}", err=True)
        return 1
    except click.Abort:
        click.echo(f"{program}: ended before it was done.", err=True)
        return 1
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except Exception as fault:
        log = logging.getLogger(__name__)
        log.critical("Unexpected: %s", type(fault).__name__, exc_info=bool(context.get("verbose")))
        hint = "" if context.get("verbose") else " Run it again with -v to see where."
        click.echo(f"{program}: a fault of the program stopped it.{hint}", err=True)
        return 1
    return result if isinstance(result, int) else 0
