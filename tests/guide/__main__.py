# SPDX-License-Identifier: GPL-3.0-or-later
"""Follow the administrators' guide on a clean Debian: sudo ./run guide --help."""

import argparse
import sys
import time
from pathlib import Path

from tests.guide.clean_debian import KINDS, CannotMakeError
from tests.guide.journey import STAGES, journey
from tests.guide.package import built_package


def main() -> int:
    parser = argparse.ArgumentParser(prog="run guide", description=__doc__)
    parser.add_argument("--package", type=Path, help="the .deb [built from this checkout]")
    parser.add_argument("--root", choices=KINDS, default=KINDS[0], help="how Debian is made")
    parser.add_argument("--until", help="stop after the stage of this name")
    given = parser.parse_args()
    begun = time.monotonic()
    try:
        package = given.package or built_package()
        with journey(package, given.root, aloud=True) as way:
            for stage in STAGES:
                print(f"{stage.name}:", flush=True)
                print(way.go(stage), end="")
                print(f"  {time.monotonic() - begun:.0f} s", flush=True)
                if stage.name == given.until:
                    break
            slowest = sorted(way.follower.seconds.items(), key=lambda each: -each[1])[:8]
            print("slowest:", ", ".join(f"{where} {taken:.1f} s" for where, taken in slowest))
    except CannotMakeError as why:
        print(f"a clean Debian can't be made here: {why}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
