# SPDX-License-Identifier: GPL-3.0-or-later
"""A clean Debian: the essential packages and what ours depends on, in an overlay that is thrown away.

The Debian below the overlay is made once and kept in /var/tmp. Commands run in it as root, without a
network, and every process they leave is ended with them.
"""

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

PACKAGES = "python3,python3-pip-whl,tzdata"
TOOLS = ("dh", "dpkg-deb", "lintian", "man", "mmdebstrap", "setpriv", "unshare")
ENTER = """\
set -e
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/changed,workdir=$2/work" "$2/root"
mount -t proc proc "$2/root/proc"
mount --rbind /dev "$2/root/dev"
exec chroot "$2/root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 HOME=/root sh -ec "$3"
"""


class RootMissingError(Exception):
    """This machine can't make a clean Debian; the text says why."""


@dataclass(frozen=True)
class CleanRoot:
    """One clean Debian. What is changed in it lies in `changed`, and there alone."""

    below: str
    folder: Path

    @property
    def changed(self) -> Path:
        return self.folder / "changed"

    def run(self, script: str) -> subprocess.CompletedProcess[str]:
        """Run a shell script in it; its output and errors are read together."""
        unshare = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child"]
        return subprocess.run(
            [*unshare, "sh", "-c", ENTER, "enter", self.below, self.folder, script],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, timeout=300,
        )  # fmt: skip

    def copy(self, folder: Path) -> "CleanRoot":
        """Another that begins as this one is now; this one must not be changed any more."""
        return _laid_out(f"{self.changed}:{self.below}", folder)

    def do(self, script: str) -> str:
        """Run a shell script that must succeed; its output."""
        done = self.run(script)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def paths(self) -> set[str]:
        """Every path that was made or changed, but for dpkg's own records and what is not kept on disk."""
        ignored = ("var/lib/dpkg", "var/log", "tmp", "dev", "proc")
        found = (str(path.relative_to(self.changed)) for path in self.changed.rglob("*"))
        return {path for path in found if not path.startswith(ignored)}


def clean_root(folder: Path) -> CleanRoot:
    """A clean Debian whose changes are kept below `folder`."""
    lacking = [tool for tool in TOOLS if shutil.which(tool) is None]
    if lacking or not Path("/usr/bin/python3").exists():
        raise RootMissingError(f"needs Debian with {', '.join(lacking or ['python3'])}")
    if os.getuid() != 0:
        raise RootMissingError("needs root")
    root = _laid_out(str(minimal_debian()), folder)
    if (tried := root.run("true")).returncode:
        raise RootMissingError(f"can't mount here: {tried.stdout.strip()}")
    return root


def _laid_out(below: str, folder: Path) -> CleanRoot:
    for name in ("changed", "work", "root"):
        (folder / name).mkdir()
    return CleanRoot(below, folder)


def minimal_debian() -> Path:
    """The folder of a Debian that nothing may change: essential packages, apt and what ours depends on.

    Raises RootMissingError where it can't be made.
    """
    release = dict(
        line.split("=", 1)
        for line in Path("/etc/os-release").read_text().splitlines()
        if "=" in line
    )["VERSION_CODENAME"].strip('"')
    base = Path(f"/var/tmp/camcops-clean-{release}-{PACKAGES.replace(',', '-')}")
    if not base.exists():
        if shutil.which("mmdebstrap") is None:
            raise RootMissingError("needs mmdebstrap")
        making = tempfile.mkdtemp(dir=base.parent, prefix=f"{base.name}.")
        os.chmod(making, 0o755)
        made = subprocess.run(
            # Nobody misses a throw-away Debian after a power failure: dpkg need not wait for the disk.
            ["mmdebstrap", "--quiet", "--variant=apt", "--dpkgopt=force-unsafe-io",
             f"--include={PACKAGES}", release, making],
            capture_output=True, text=True, timeout=600,
        )  # fmt: skip
        if made.returncode:
            shutil.rmtree(making, ignore_errors=True)
            raise RootMissingError(f"mmdebstrap failed: {made.stderr[-500:]}")
        try:
            os.rename(making, base)
        except OSError:  # another run made it meanwhile
            if not base.exists():
                raise
            shutil.rmtree(making)
    return base
