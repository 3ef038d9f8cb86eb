# SPDX-License-Identifier: GPL-3.0-or-later
"""Doing what the guide says: its commands are typed one block after another, as root, on a clean Debian."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.guide.clean_debian import Machine
from tests.guide.pages import Block, commands
from tests.guide.terminal import Answers

# A shell remembers where it is and what was exported; a file does, from block to block.
TYPED = """\
set -eu
if [ -f /tmp/guide.exported ]; then . /tmp/guide.exported; cd "$(cat /tmp/guide.folder)"; else cd /root; fi
{text}
export -p > /tmp/guide.exported
pwd > /tmp/guide.folder
"""
PACKAGES = ("apt-get", "apt ", "pip ", "pip3 ")

SUPERUSER, SUPERUSER_PASSWORD = "admin", "pencil harbour sixteen"
ANSWERS: Answers = (
    (r"\[Y/n\] ?$", "y"),
    (r"User name: ?$", SUPERUSER),
    (r"(?i)password[^:]*: ?$", SUPERUSER_PASSWORD),
    (r"(?i)repeat[^:]*: ?$", SUPERUSER_PASSWORD),
)
"""What the person types when asked."""


@dataclass
class Follower:
    """A person at the machine with the guide in hand. `tell` hears of each block before it is typed."""

    machine: Machine
    tell: Callable[[str], None] = lambda line: None
    done: set[Block] = field(default_factory=set)
    seconds: dict[str, float] = field(default_factory=dict)

    def follow(self, page: str, *sections: str) -> None:
        """Do a whole page, or what stands under these of its headings, in the page's order."""
        chosen = [
            block
            for block in commands(page)
            if not sections or any(name in block.sections for name in sections)
        ]
        assert chosen, f"{page}.md has no commands under {sections}"
        for block in chosen:
            self.type(block)

    def type(self, block: Block) -> str:
        """Type one block. Fails with what was shown, if a command of it failed; gives what was shown."""
        self.tell(f"{block.where}: {' / '.join(block.sections[1:]) or block.sections[0]}")
        begun = time.monotonic()
        fetches = any(word in block.text for word in PACKAGES)
        outcome = self.machine.run(
            TYPED.format(text=block.text), answers=ANSWERS, outer_network=fetches
        )
        self.seconds[block.where] = time.monotonic() - begun
        assert outcome.status == 0, (
            f"{block.where} ended with status {outcome.status}:\n{block.text}\n{outcome.output[-4000:]}"
        )
        self.done.add(block)
        return outcome.output

    def says(self, script: str) -> str:
        """What a command says that is none of the guide's."""
        outcome = self.machine.run(TYPED.format(text=script), answers=ANSWERS)
        assert outcome.status == 0, f"{script}: {outcome.output[-2000:]}"
        return outcome.output.strip()
