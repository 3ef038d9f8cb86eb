# SPDX-License-Identifier: GPL-3.0-or-later
"""Doing what the guide says: its commands are typed one block after another, as root, on a clean Debian."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.guide.clean_debian import Machine
from tests.guide.pages import Block, commands
from tests.guide.terminal import Answers

# A shell remembers where it is, its umask and what was exported; here a file does, from block to block.
TYPED = """\
set -eu
cd /root
[ ! -f /tmp/guide.state ] || . /tmp/guide.state
{text}
umask=$(umask)
umask 077
{{ export -p; echo "umask $umask"; echo "cd '$PWD'"; }} > /tmp/guide.state
"""
FETCHING = re.compile(r"apt-get |\S*pip ")
"""How lines begin that need the outer network. A block that has one has nothing else: whatever
changes a network must never meet the real one.
"""

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
        fetching = [bool(FETCHING.match(line)) for line in block.text.splitlines()]
        assert all(fetching) or not any(fetching), f"{block.where} mixes fetching with other work"
        outcome = self.machine.run(
            TYPED.format(text=block.text),
            answers=ANSWERS,
            outer_network=all(fetching),
            environment=self.machine.registries() if all(fetching) else None,
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
