# SPDX-License-Identifier: GPL-3.0-or-later
"""Many clients at once, each asking for one page again and again over a connection that it keeps.

A server may close a kept connection between two requests. As a browser does, a client that meets no answer at
all on a kept connection asks once more on a new one; anything else is a failure.
"""

import asyncio
import ssl
import time
from dataclasses import dataclass, field

PATIENCE_S = 60


@dataclass
class Answers:
    """Seconds of each answer with status 200, what went wrong otherwise, and what connections it took."""

    seconds: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    opened: int = 0
    found_closed: int = 0


class FoundClosed(Exception):
    """The server had closed the kept connection, or did so as the request came."""


@dataclass
class Client:
    port: int
    path: str
    trust: ssl.SSLContext
    answers: Answers
    reader: asyncio.StreamReader | None = None
    writer: asyncio.StreamWriter | None = None

    async def ask_until(self, give_up_at: float) -> None:
        while time.perf_counter() < give_up_at:
            began = time.perf_counter()
            try:
                status = await asyncio.wait_for(self._ask(), PATIENCE_S)
            except FoundClosed:
                self.answers.found_closed += 1
                continue
            except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
                self.answers.failures.append(type(error).__name__)
                self._close()
                continue
            if status == 200:
                self.answers.seconds.append(time.perf_counter() - began)
            else:
                self.answers.failures.append(f"HTTP {status}")
        self._close()

    async def _ask(self) -> int:
        """One request; its status."""
        was_kept = self.writer is not None
        if self.reader is None or self.writer is None:
            self.reader, self.writer = await asyncio.open_connection(
                "localhost", self.port, ssl=self.trust
            )
            self.answers.opened += 1
        try:
            self.writer.write(f"GET {self.path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            await self.writer.drain()
            head = await self.reader.readuntil(b"\r\n\r\n")
        except (ConnectionError, asyncio.IncompleteReadError) as error:
            nothing_came = not getattr(error, "partial", b"")
            if was_kept and nothing_came:
                self._close()
                raise FoundClosed from error
            raise
        first, *lines = head.decode("latin-1").rstrip().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines)
        await self._body(self.reader, headers)
        if headers.get("connection") == "close":
            self._close()
        return int(first.split(" ")[1])

    @staticmethod
    async def _body(reader: asyncio.StreamReader, headers: dict[str, str]) -> None:
        if "content-length" in headers:
            await reader.readexactly(int(headers["content-length"]))
            return
        while size := int(await reader.readline(), 16):
            await reader.readexactly(size + 2)
        await reader.readline()

    def _close(self) -> None:
        if self.writer is not None:
            self.writer.close()
        self.reader = self.writer = None


def ask_at_once(
    count: int, port: int, path: str, trust: ssl.SSLContext, duration_s: float
) -> Answers:
    """Let so many clients ask, each as soon as it has its answer."""
    answers = Answers()

    async def all_of_them() -> None:
        give_up_at = time.perf_counter() + duration_s
        clients = [Client(port, path, trust, answers) for _ in range(count)]
        await asyncio.gather(*(client.ask_until(give_up_at) for client in clients))

    asyncio.run(all_of_them())
    return answers
