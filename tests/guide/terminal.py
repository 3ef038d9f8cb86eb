# SPDX-License-Identifier: GPL-3.0-or-later
"""Running a command on a terminal, as a person does, and answering what it asks."""

import os
import pty
import re
import select
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# What a prompt looks like, and what to type then.
Answers = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Outcome:
    """How a command ended, and all that it wrote to the terminal."""

    status: int
    output: str


def run_on_terminal(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    answers: Answers = (),
    limit_s: float = 300.0,
) -> Outcome:
    """Run a command to its end. After `limit_s` it is killed, with status -9.

    What it leaves running in the background must not hold the terminal: services are daemons.
    """
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command,
        env=dict(environment),
        preexec_fn=lambda: os.login_tty(theirs),
        close_fds=True,
    )
    os.close(theirs)
    give_up_at = time.monotonic() + limit_s
    received = b""
    answered = 0
    try:
        while True:
            ended = process.poll() is not None
            piece = read_some(ours, 0.0 if ended else 0.1)
            received += piece
            if typed := answer_to(received[answered:].decode(errors="replace"), answers):
                answered = len(received)
                os.write(ours, typed.encode() + b"\n")
            if ended and not piece:
                break
            if time.monotonic() > give_up_at:
                os.killpg(process.pid, signal.SIGKILL)
                received += b"\n[killed: it took too long]\n"
    finally:
        os.close(ours)
    return Outcome(process.returncode, received.decode(errors="replace").replace("\r\n", "\n"))


def read_some(terminal: int, wait_s: float) -> bytes:
    """What has come from the terminal meanwhile; nothing when its last writer has gone."""
    if not select.select([terminal], [], [], wait_s)[0]:
        return b""
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""


def answer_to(shown: str, answers: Answers) -> str | None:
    """What to type if the last line is one of the prompts."""
    last = shown.rpartition("\n")[2]
    return next((text for prompt, text in answers if re.search(prompt, last)), None)
