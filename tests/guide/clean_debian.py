# SPDX-License-Identifier: GPL-3.0-or-later
"""A clean Debian of its own: a root file system, processes and a network that end with it.

An empty layer is laid over a file system that is never changed. `minimal`: Debian's essential packages, apt
and Python, made by mmdebstrap and kept in /var/tmp. `running`: the system that runs here, without services,
for machines without mmdebstrap. Both need root and Linux. When the holder of the namespaces ends, the kernel
ends every process and mount in them.

Two things differ from a machine of its own: services don't start by themselves when they are installed (here
nothing runs at boot), and packages that Debian only recommends are left out, to save time.
"""

import fcntl
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from tests.guide.terminal import Answers, Outcome, run_on_terminal
from tests.packaging.clean_root import RootMissingError, minimal_debian

KINDS = ("minimal", "running")
CACHE = Path("/var/tmp/camcops-guide")
PATIENCE_S = 30.0
SERVICES = "^(mariadb-server|apache2|nginx|libnginx-mod|supervisor$|nftables$|camcops-server$)"
LEFT_BEHIND = "/var/lib/mysql /etc/mysql /etc/apache2 /etc/nginx /etc/supervisor"
SHARED = "mysql-common mariadb-common"
"""Packages whose settings others need too: installed anew where they are installed."""
PROGRAMS = ("unshare", "nsenter", "mount", "ip")

# The first process of the machine. It ignores the ends of its children, so that none stays as a zombie.
# Traces of another installation are cleared away: nobody has been here before.
HOLD = r"""
set -eu
base=$1
root=$base/root
mount -t tmpfs -o mode=755 tmpfs "$base"
mkdir "$root" "$base/upper" "$base/work"
mount -t overlay overlay -o "lowerdir=$2,upperdir=$base/upper,workdir=$base/work" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -t tmpfs -o mode=1777 tmpfs "$root/var/tmp"
mkdir -m 1777 "$root/run/lock"
mount --bind "$4/archives" "$root/var/cache/apt/archives"
mount --bind "$4/lists" "$root/var/lib/apt/lists"
for name in camcops apache2/sites-enabled nginx/sites-enabled nginx/conf.d supervisor/conf.d; do
    rm -rf "$root/etc/$name"/*
done
for name in share/camcops bin/camcops_server bin/camcops_server_meta bin/camcops_backup_mysql_database; do
    rm -rf "$root/usr/$name"
done
rm -rf "$root/var/lib/camcops" "$root/var/cache/camcops"
hostname camcops-guide
printf '127.0.0.1 localhost camcops-guide\n' > "$root/etc/hosts.new"
for host in $3; do echo "127.0.0.1 $host" >> "$root/etc/hosts.new"; done
mv "$root/etc/hosts.new" "$root/etc/hosts"
[ ! -e /etc/resolv.conf ] || cp -L /etc/resolv.conf "$root/etc/resolv.conf"
echo 'APT::Install-Recommends "false";' > "$root/etc/apt/apt.conf.d/90guide"
printf '#!/bin/sh\nexit 101\n' > "$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
ip link set lo up
exec env --ignore-signal=CHLD chroot "$root" /bin/sleep infinity
"""

ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
    "TERM": "dumb",
    "DEBIAN_FRONTEND": "noninteractive",
}


class CannotMakeError(Exception):
    """This machine can't make a clean Debian; the text says why."""


@contextmanager
def alone_with_the_packages() -> Iterator[None]:
    """Machines share the packages that they fetched; apt would not wait for its turn, so we do."""
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@dataclass
class Machine:
    """A running clean Debian. `pid` is its first process, as seen from outside."""

    pid: int
    base: Path
    environment: dict[str, str] = field(default_factory=lambda: dict(ENVIRONMENT))

    @property
    def root(self) -> Path:
        """Its file system, as seen from outside."""
        return Path(f"/proc/{self.pid}/root")

    def run(
        self,
        script: str,
        *,
        answers: Answers = (),
        outer_network: bool = False,
        environment: Mapping[str, str] | None = None,
        limit_s: float = 300.0,
    ) -> Outcome:
        """Run a shell script as root there, on a terminal.

        `outer_network`: with the network of this machine, to fetch packages.
        """
        spaces = ["--mount", "--uts", "--ipc", "--pid", *([] if outer_network else ["--net"])]
        enter = ["nsenter", f"--target={self.pid}", *spaces, "--root", "--wd"]
        with alone_with_the_packages() if outer_network else nullcontext():
            return run_on_terminal(
                # With job control, as at a prompt: what stays in the background outlives the terminal.
                [*enter, "setsid", "--ctty", "--wait", "/bin/sh", "-mc", script],
                environment={**self.environment, **(environment or {})},
                answers=answers,
                limit_s=limit_s,
            )

    def registries(self) -> dict[str, str]:
        """How pip reaches its registry from here: this machine's settings, and whom it trusts."""
        found = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
        found.pop("PIP_FIND_LINKS", None)
        if trusted := found.get("PIP_CERT"):
            self.copy_in(Path(trusted), "/tmp/registries.crt")
            found["PIP_CERT"] = "/tmp/registries.crt"
        return found

    def from_outside(self, *command: str) -> list[str]:
        """A command line that runs a program of this machine in that one's network."""
        return ["nsenter", f"--target={self.pid}", "--net", *command]

    def copy_in(self, source: Path, target: str) -> None:
        """Copy a file into it, to an absolute path there."""
        place = self.root / target.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, place)


@contextmanager
def clean_debian(kind: str = "minimal", hosts: tuple[str, ...] = ()) -> Iterator[Machine]:
    """A clean Debian that knows these host names as itself. Raises CannotMakeError where it can't be made."""
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing:
        raise CannotMakeError(f"not installed: {', '.join(missing)}")
    if os.getuid() != 0:
        raise CannotMakeError("only root can make a clean Debian")
    below = Path("/")
    if kind == "minimal":
        try:
            below = minimal_debian()
        except RootMissingError as why:
            raise CannotMakeError(str(why)) from why
    packages = CACHE / f"apt-{kind}"
    for name in ("archives/partial", "lists/partial"):
        (packages / name).mkdir(parents=True, exist_ok=True)
    base = Path(tempfile.mkdtemp(prefix="camcops-guide-", dir="/tmp"))
    spaces = ["--mount", "--pid", "--net", "--uts", "--ipc", "--fork", "--kill-child"]
    holder = subprocess.Popen(
        [
            *["unshare", *spaces, "sh", "-c", HOLD],
            *["sh", str(base), str(below), " ".join(hosts), str(packages)],
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        machine = Machine(first_process(holder), base)
        if kind == "running":
            take_out_services(machine)
        yield machine
    finally:
        holder.kill()
        holder.communicate()
        base.rmdir()


def first_process(holder: subprocess.Popen[str]) -> int:
    """The number of the machine's first process, when the machine is ready."""
    give_up_at = time.monotonic() + PATIENCE_S
    children = Path(f"/proc/{holder.pid}/task/{holder.pid}/children")
    while time.monotonic() < give_up_at and holder.poll() is None:
        pids = children.read_text().split()
        if pids and Path(f"/proc/{pids[0]}/comm").read_text().strip() == "sleep":
            return int(pids[0])
        time.sleep(0.02)
    holder.kill()
    assert holder.stderr is not None
    raise CannotMakeError(holder.stderr.read().strip() or "it did not get ready in time")


def take_out_services(machine: Machine) -> None:
    """Remove the services that the running system happens to have, with their settings and data."""
    done = machine.run(
        f"""
        dpkg-query -W -f '${{Package}}\\n' | grep -E '{SERVICES}' > /tmp/services || exit 0
        apt-get purge -qq -y $(cat /tmp/services) >/dev/null && rm -rf /tmp/services {LEFT_BEHIND}
        shared=$(dpkg-query -W -f '${{Package}} ' {SHARED} 2>/dev/null)
        [ -z "$shared" ] || apt-get install --reinstall -qq -y -o Dpkg::Options::=--force-confmiss \\
            $shared >/dev/null
        """,
        outer_network=True,
    )
    if done.status != 0:
        raise CannotMakeError(f"can't remove the services: {done.output[-1000:]}")
