# SPDX-License-Identifier: GPL-3.0-or-later
"""The way through the guide: from an empty machine to a server that is checked from outside, by stages."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.guide.clean_debian import Machine, clean_debian
from tests.guide.following import SUPERUSER, SUPERUSER_PASSWORD, Follower
from tests.guide.outside import Place

HOST, SECOND_HOST = "camcops.example.org", "research.example.org"
ROOT = Path(__file__).parents[2]
CERTIFICATES = {HOST: "/etc/ssl/certs/camcops.pem", SECOND_HOST: "/etc/ssl/certs/research.pem"}


@dataclass(frozen=True)
class Step:
    """A page, or the parts of it that stand under some headings."""

    page: str
    sections: tuple[str, ...] = ()


@dataclass(frozen=True)
class Stage:
    """What to do, and where servers are to be found afterwards (host and path).

    `first` and `then` are commands that are not the guide's, before its steps and after them; what `then`
    says is part of the findings.
    """

    name: str
    steps: tuple[Step, ...]
    servers: tuple[tuple[str, str], ...] = ()
    first: str = ""
    then: str = ""


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
    servers=((HOST, "/camcops"),),
)
# Supervisor waits half a minute before it calls a program running, and `restart` waits with it.
IN_HASTE = """
sed -i 's/^startsecs = .*/startsecs = 2/' /etc/supervisor/conf.d/*.conf
supervisorctl update
"""
SECOND_TABLET = """
export CAMCOPS_CONFIG_FILE=/etc/camcops/research.conf
camcops() { sudo -u www-data --preserve-env=CAMCOPS_CONFIG_FILE camcops_server "$@"; }
camcops make_idnum_type 2 --description "Study number"
camcops make_group study
camcops make_user tablet --group study --may upload,register_devices
"""
STAGES = (
    FIRST_SERVER,
    Stage(
        "upkeep",
        (
            Step("front_end", ("Refusing plain http twice",)),
            *map(Step, ("backups", "troubleshooting", "upgrading", "performance", "patients")),
        ),
        servers=((HOST, "/camcops"),),
        first=IN_HASTE,
    ),
    Stage(
        "second instance",
        (Step("instances"),),
        servers=((SECOND_HOST, "/research"), (HOST, "/camcops")),
        then=SECOND_TABLET,
    ),
    Stage(
        "TCP port",
        (Step("front_end", ("By a TCP port instead of the socket",)),),
        servers=((HOST, "/camcops"),),
        first=IN_HASTE,
    ),
    Stage(
        "root of the host",
        (Step("front_end", ("At the root of the host",)),),
        servers=((HOST, ""),),
    ),
    Stage(
        "nginx",
        (Step("front_end", ("nginx instead of Apache",)),),
        servers=((HOST, "/camcops"),),
    ),
)
PIP = Stage(
    "pip",
    (Step("choosing"), Step("installing", ("With pip instead",))),
    then="""
    runuser -u www-data -- camcops_server list_tasks | wc -l
    ls /usr/share/camcops/server/static/theme.css
    """,
)


@dataclass
class Journey:
    """A machine on which the guide is followed, and its look from outside."""

    machine: Machine
    follower: Follower
    stuck: str = ""

    def go(self, stage: Stage) -> str:
        """Do a stage; what the checks from outside said.

        Fails at the first thing that does not work, and then is `stuck` there.
        """
        self.stuck = stage.name
        if stage.first:
            self.follower.says(stage.first)
        for step in stage.steps:
            self.follower.follow(step.page, *step.sections)
        seen = self.follower.says(stage.then) if stage.then else ""
        seen += "".join(self.look(host, path) for host, path in stage.servers)
        self.stuck = ""
        return seen

    def look(self, host: str, path: str) -> str:
        """Check the server at this address, as browsers and tablets meet it."""
        place = Place(
            host,
            path,
            str(self.machine.root / CERTIFICATES[host].lstrip("/")),
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
            f"{host}{path}: {done.stdout}{done.stderr[-3000:]}{self.logs()}"
        )
        return done.stdout

    def logs(self) -> str:
        """The end of the logs that explain most failures."""
        show = "tail -n 15 /var/log/supervisor/camcops_server.log /var/log/apache2/error.log"
        return self.machine.run(f"{show} /var/log/nginx/error.log 2>&1 || true").output


@contextmanager
def journey(package: Path, kind: str = "minimal", *, aloud: bool = False) -> Iterator[Journey]:
    """A clean Debian with the package's file in root's folder, and somebody who is ready to begin."""
    with clean_debian(kind, hosts=(HOST, SECOND_HOST)) as machine:
        machine.copy_in(package, f"/root/{package.name}")
        copy_wheel_in(package, machine)
        tell = (lambda line: print(f"  {line}", flush=True)) if aloud else (lambda line: None)
        yield Journey(machine, Follower(machine, tell))


def copy_wheel_in(package: Path, machine: Machine) -> None:
    """The program's own wheel, as it lies in the package, into root's folder."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["dpkg-deb", "--extract", str(package), folder], check=True)
        wheel = next(Path(folder).glob("usr/share/camcops/wheels/camcops_server-*.whl"))
        machine.copy_in(wheel, f"/root/{wheel.name}")
