# SPDX-License-Identifier: GPL-3.0-or-later
"""Does an Apache configuration lead to this installation, and rightly so? Each finding names its line."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from camcops.config.server import HTTPS_SWITCHES, PLACE_HEADERS, SCHEME_HEADERS, ServerSettings
from camcops.operation.apache_file import ApacheFile, Directive, Line, Section, read_apache_file
from camcops.operation.certificates import check_certificate, check_key
from camcops.operation.findings import Finding, fault, warning

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "[::1]", "::1"})
APPENDED: Final = ("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Server")
"""Apache adds its own value behind what the client sent."""


@dataclass(frozen=True, slots=True)
class Way:
    """One `ProxyPass`: what is asked for at `path` goes to `address`, by a socket if there is one."""

    path: str
    socket: Path | None
    address: str
    options: frozenset[str]
    line: Line
    host: Section | None

    @property
    def mount(self) -> str:
        """The path without a slash at its end; empty at the root."""
        return self.path.rstrip("/")

    @property
    def leads_to(self) -> str:
        return f"the socket {self.socket}" if self.socket else self.address


def check_apache(path: Path, server: ServerSettings) -> Iterator[Finding]:
    """What is wrong with an Apache file, as the front end of a server with these settings."""
    try:
        file = read_apache_file(path)
    except OSError as error:
        yield fault(str(path), f"It can't be read: {error.strerror}.")
        return
    whole = Line(path, 0)
    found = [(line or whole, finding) for line, finding in _all(file, server)]
    for line, finding in sorted(found, key=lambda one: (one[0].file != path, one[0])):
        subject = f"{line.file}, line {line.number}" if line.number else str(path)
        yield replace(finding, subject=subject)


Located = tuple[Line | None, Finding]
"""A finding and its line; None: it is about the whole."""


def _all(file: ApacheFile, server: ServerSettings) -> Iterator[Located]:
    directives = file.directives
    for unread in file.unread:
        yield (
            unread.line,
            fault("", f"{unread.says} Apache would not start.")
            if unread.stops_apache
            else warning("", unread.says),
        )
    ways = [way for directive in directives for way in _ways(directive)]
    for way in ways:
        yield from _target(way)
    yield from _shared_names(ways)
    ours = [way for way in ways if _is_ours(way, server)]
    if not ours:
        yield from _no_way(ways, server)
    for way in ours:
        yield from _ours(way, directives, server)
    yield from _certificates(directives)


def _ways(directive: Directive) -> Iterator[Way]:
    if directive.name != "proxypass":
        return
    words = list(directive.arguments)
    path = directive.place if directive.place is not None else words.pop(0) if words else None
    if path is None or not words or words[0] == "!" or "://" not in words[0]:
        return
    before, bar, address = words[0].rpartition("|")
    socket = Path(before.removeprefix("unix:")) if bar else None
    options = frozenset(word.lower() for word in words[1:])
    yield Way(path, socket, address, options, directive.line, directive.host)


def _target(way: Way) -> Iterator[Located]:
    """What is wrong with the target, whoever's it is."""
    address = urlsplit(way.address)
    if way.socket and address.scheme != "http":
        says = (
            f"Behind a socket there is no TLS: write http://{address.netloc}, not {way.address}. "
            "As it stands each request fails with status 500."
        )
        yield way.line, fault("", says)
    has_slash, wants_slash = address.path.endswith("/"), way.path.endswith("/")
    if address.path.rstrip("/"):
        says = f"The program would be asked for {address.path}/…, which it doesn't serve: leave that away."
        yield way.line, fault("", says)
    elif wants_slash and not has_slash:
        say = "/ at its end: “login” would be looked for as part of the host's name"
        yield way.line, fault("", f"The target {way.address} lacks the {say}.")
    elif has_slash and not wants_slash:
        says = (
            f"The target {way.address} must not end with /, since {way.path} doesn't: the program would "
            "be asked for “//login”."
        )
        yield way.line, fault("", says)
    elif way.path != "/" and wants_slash:
        says = (
            f"{way.mount} without / is not found: write {way.mount}, and the target without / too."
        )
        yield way.line, warning("", says)


def _shared_names(ways: Iterable[Way]) -> Iterator[Located]:
    """Apache keeps one connection a name: two sockets behind one name get mixed up."""
    first: dict[str, Way] = {}
    for way in ways:
        if way.socket is None:
            continue
        name = urlsplit(way.address).netloc.lower()
        other = first.setdefault(name, way)
        if other.socket != way.socket:
            says = (
                f"The name {name} stands on {other.line.seen_from(way.line)} already, for another socket: "
                "requests would reach the wrong instance, and so the wrong site's data. "
                f"Give each its own, such as http://{way.socket.stem}."
            )
            yield way.line, fault("", says)


def _is_ours(way: Way, server: ServerSettings) -> bool:
    if server.unix_domain_socket is not None:
        return way.socket == server.unix_domain_socket
    if way.socket is not None:
        return False
    address = urlsplit(way.address)
    hosts = LOOPBACK if server.host in (*LOOPBACK, "0.0.0.0", "::") else {server.host}  # noqa: S104
    return (address.hostname or "") in hosts and (address.port or 80) == server.port


def _no_way(ways: Sequence[Way], server: ServerSettings) -> Iterator[Located]:
    if server.unix_domain_socket is not None:
        wanted = f"the socket {server.unix_domain_socket} (UNIX_DOMAIN_SOCKET)"
    else:
        wanted = f"http://{server.host}:{server.port} (HOST and PORT)"
    for way in ways:
        yield way.line, warning("", f"It leads to {way.leads_to}, not to {wanted}.")
    yield None, fault("", f"No ProxyPass leads to {wanted}.")


def _ours(way: Way, directives: Sequence[Directive], server: ServerSettings) -> Iterator[Located]:
    if way.host is not None and any(name.endswith(":80") for name in way.host.arguments):
        says = "Patients' data would travel unencrypted: let the host of port 80 only redirect to https."
        yield way.line, fault("", says)
    if "retry=0" not in way.options:
        says = "Without retry=0 nobody gets through for a minute after the program was restarted."
        yield way.line, warning("", says)
    if not any(option.startswith("timeout=") for option in way.options):
        yield way.line, warning("", "Without timeout=300 slow uploads can be cut off.")
    headers = [
        one for one in directives if one.name == "requestheader" and one.is_for(way.host, way.mount)
    ]
    yield from _scheme(way, headers, server)
    yield from _mount(way, headers, server)
    yield from _claims(way, headers, server)


def _set(headers: Iterable[Directive], name: str) -> Directive | None:
    """The directive that gives a header its value, whatever the client sent."""
    wanted = name.removeprefix("HTTP_").replace("_", "-").lower()
    for one in reversed(list(headers)):
        words = [word.lower() for word in one.arguments]
        if len(words) > 2 and words[0] == "set" and words[1] == wanted:
            return one
    return None


def _scheme(way: Way, headers: Sequence[Directive], server: ServerSettings) -> Iterator[Located]:
    """The program must learn that the request came by https, or its links and cookies are wrong."""
    if server.proxy_url_scheme == "https":
        return
    told = [name for name in (*SCHEME_HEADERS, *HTTPS_SWITCHES) if _set(headers, name)]
    if not told:
        says = (
            "The program is not told of https: add “RequestHeader set X-Forwarded-Proto https” for this "
            "path, and HTTP_X_FORWARDED_PROTO to TRUSTED_PROXY_HEADERS."
        )
        yield way.line, fault("", says)
    elif not set(told) & set(server.trusted_proxy_headers):
        says = f"TRUSTED_PROXY_HEADERS lacks {told[0]}, which is set here: the program won't believe it."
        set_by = _set(headers, told[0])
        yield (set_by or way).line, fault("", says)


def _mount(way: Way, headers: Sequence[Directive], server: ServerSettings) -> Iterator[Located]:
    """The program must know the path that it is mounted at, or its links lead elsewhere."""
    set_by = [(name, found) for name in PLACE_HEADERS if (found := _set(headers, name))]
    trusted = [found for name, found in set_by if name in server.trusted_proxy_headers]
    known = trusted[-1].arguments[2] if trusted else server.proxy_script_name or ""
    line = trusted[-1].line if trusted else way.line
    if set_by and not trusted and (server.proxy_script_name or "").rstrip("/") != way.mount:
        name, found = set_by[-1]
        says = (
            f"TRUSTED_PROXY_HEADERS lacks {name}, which is set here: the program won't believe it."
        )
        yield found.line, fault("", says)
    elif known.rstrip("/") != way.mount:
        where = way.mount or "the root"
        told = f"is told {known}" if known else "is not told so"
        add = f"“RequestHeader set X-Script-Name {way.mount}”" if way.mount else "no X-Script-Name"
        says = f"It is mounted at {where}, but the program {told}: here belongs {add}."
        yield line, fault("", says)
    external = server.external_script_name
    if external is not None and external.rstrip("/") != way.mount:
        says = f"EXTERNAL_SCRIPT_NAME is {external}, but the path here is {way.path}."
        yield way.line, warning("", says)


def _claims(way: Way, headers: Sequence[Directive], server: ServerSettings) -> Iterator[Located]:
    """What a client says of itself must not reach the program as if the front end had said it."""
    removed = {
        one.arguments[1].lower()
        for one in headers
        if len(one.arguments) > 1 and one.arguments[0].lower() == "unset"
    }
    for trusted in server.trusted_proxy_headers:
        name = trusted.removeprefix("HTTP_").replace("_", "-").title()
        if name.lower() in removed or _set(headers, trusted):
            continue
        remedy = f"“RequestHeader unset {name} early”"
        if name in APPENDED:
            says = f"A client's own {name} is passed on: take it off with {remedy}."
            yield way.line, warning("", says)
        else:
            says = (
                f"TRUSTED_PROXY_HEADERS lists {trusted}, which Apache does not set: any client could. "
                f"Take it out there, or off here with {remedy}."
            )
            yield way.line, fault("", says)


def _certificates(directives: Iterable[Directive]) -> Iterator[Located]:
    for directive in directives:
        if not directive.arguments or not directive.arguments[0].startswith("/"):
            continue
        file = Path(directive.arguments[0])
        if directive.name == "sslcertificatefile":
            found = check_certificate("", file, must_read=False)
        elif directive.name == "sslcertificatekeyfile":
            found = check_key("", file, must_read=False)
        else:
            continue
        yield from ((directive.line, one) for one in found)
