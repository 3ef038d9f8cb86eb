# SPDX-License-Identifier: GPL-3.0-or-later
"""The way through the guide: from an empty machine to a server that is checked from outside, by stages."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.guide.clean_debian import Machine, clean_debian
from tests.guide.following import SUPERUSER, SUPERUSER_PASSWORD, Follower
from tests.guide.outside import Place

HOST = "camcops.example.org"
ROOT = Path(__file__).parents[2]
CERTIFICATE = "/etc/ssl/certs/camcops.pem"


@dataclass(frozen=True)
class Step:
    """A page, or the parts of it that stand under some headings."""

    page: str
    sections: tuple[str, ...] = ()


@dataclass(frozen=True)
class Stage:
    """What to do, and at which paths of the host a server is to be found afterwards."""

    name: str
    steps: tuple[Step, ...]
    paths: tuple[str, ...]


FIRST_SERVER = Stage(
    "first server",
    (
        Step("choosing"),
        Step("installing", ("The Debian package",)),
        Step("database"),
        Step("configuration"),
        Step("structure"),
        Step("starting"),
        Step("front_end", ("A certificate", "Apache")),
        Step("firewall"),
        Step("checking"),
    ),
    ("/camcops",),
)
STAGES = (
    FIRST_SERVER,
    Stage(
        "TCP port", (Step("front_end", ("By a TCP port instead of the socket",)),), ("/camcops",)
    ),
    Stage("root of the host", (Step("front_end", ("At the root of the host",)),), ("",)),
    Stage("nginx", (Step("front_end", ("nginx instead of Apache",)),), ("/camcops",)),
)


@dataclass
class Journey:
    """A machine on which the guide is followed, and its look from outside."""

    machine: Machine
    follower: Follower

    def go(self, stage: Stage) -> str:
        """Do a stage; what the checks from outside said. Fails at the first thing that does not work."""
        for step in stage.steps:
            self.follower.follow(step.page, *step.sections)
        return "".join(self.look(path) for path in stage.paths)

    def look(self, path: str) -> str:
        """Check the server at this path, as browsers and tablets meet it."""
        place = Place(
            HOST,
            path,
            str(self.machine.root / CERTIFICATE.lstrip("/")),
            SUPERUSER,
            SUPERUSER_PASSWORD,
            SUPERUSER_PASSWORD,
        )
        program = [sys.executable, "-m", "tests.guide.outside", *place.arguments()]
        done = subprocess.run(
            self.machine.from_outside(*program),
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, (
            f"{path or '/'}: {done.stdout}{done.stderr[-3000:]}{self.logs()}"
        )
        return done.stdout

    def logs(self) -> str:
        """The end of the logs that explain most failures."""
        show = "tail -n 15 /var/log/supervisor/camcops_server.log /var/log/apache2/error.log"
        return self.machine.run(f"{show} /var/log/nginx/error.log 2>&1 || true").output


@contextmanager
def journey(package: Path, kind: str = "overlay", *, aloud: bool = False) -> Iterator[Journey]:
    """A clean Debian with the package's file in root's folder, and somebody who is ready to begin."""
    with clean_debian(kind, hosts=(HOST,)) as machine:
        machine.copy_in(package, f"/root/{package.name}")
        tell = (lambda line: print(f"  {line}", flush=True)) if aloud else (lambda line: None)
        yield Journey(machine, Follower(machine, tell))
