# SPDX-License-Identifier: GPL-3.0-or-later
"""The Debian package of this checkout, built once for each state of it."""

import fcntl
import hashlib
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
KEPT = Path("/var/tmp/camcops-guide/packages")
INGREDIENTS = (
    "src",
    "docs",
    "packaging",
    "requirements",
    "pyproject.toml",
    "README.md",
    "CHANGELOG.md",
)
NOT_IN_IT = {"__pycache__", "_build"}


def state_of_checkout() -> str:
    """A digest of all that goes into the package."""
    digest = hashlib.sha256()
    for name in INGREDIENTS:
        top = ROOT / name
        for path in sorted([top, *top.rglob("*")]):
            if path.is_file() and not NOT_IN_IT & set(path.parts):
                digest.update(f"{path.relative_to(ROOT)}\0".encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def built_package() -> Path:
    """The package's file; built now if this state has none. Raises CalledProcessError if that fails."""
    folder = KEPT / state_of_checkout()
    KEPT.mkdir(parents=True, exist_ok=True)
    with (KEPT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not any(folder.glob("*.deb")):
            clear_all_but_newest()
            subprocess.run(
                [ROOT / "packaging" / "build_deb", "--output", folder],
                check=True,
                capture_output=True,
                text=True,
            )
        return next(folder.glob("*.deb"))


def clear_all_but_newest() -> None:
    """Remove older packages; the last is left to whoever may be using it."""
    kept = sorted(KEPT.glob("*/*.deb"), key=lambda path: path.stat().st_mtime)
    for old in kept[:-1]:
        old.unlink()
        old.parent.rmdir()
