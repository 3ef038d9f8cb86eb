# SPDX-License-Identifier: GPL-3.0-or-later
"""Firewall rules: https open, plain http for its redirect, remote maintenance as wanted, all else closed."""

from collections.abc import Callable, Mapping

from camcops.deployment.installation import Installation, heading


def firewall_rules(site: Installation, style: str, ssh_port: int) -> str:
    """Rules for `nftables` (a file for /etc/nftables.conf), or commands for `ufw` or `firewalld`."""
    return STYLES[style](site, ssh_port)


def _says(site: Installation, ssh_port: int) -> tuple[str, ...]:
    return (
        f"Open: {site.https_port} (https), {site.http_port} (http, for its redirect), {ssh_port} (SSH).",
        "Closed: all else, so also database (3306, 5432), broker (5672) and the program's own port.",
        f"If SSH does not listen on {ssh_port}, say --ssh_port, or you lock yourself out.",
    )


def _nftables(site: Installation, ssh_port: int) -> str:
    start = heading(
        "nftables rules for a CamCOPS server",
        *_says(site, ssh_port),
        "Save them as /etc/nftables.conf; check: nft -c -f FILE; then systemctl enable --now nftables",
    )
    return f"""\
#!/usr/sbin/nft -f
{start}
table inet camcops_firewall
delete table inet camcops_firewall

table inet camcops_firewall {{
    chain input {{
        type filter hook input priority filter; policy drop;
        iif lo accept
        ct state established,related accept
        ct state invalid drop
# ICMP and ICMPv6, by number: their names stand in a file that a minimal Debian lacks.
        meta l4proto {{ 1, 58 }} accept
        tcp dport {{ {", ".join(_ports(site, ssh_port))} }} accept
    }}
    chain forward {{
        type filter hook forward priority filter; policy drop;
    }}
}}
"""


def _ufw(site: Installation, ssh_port: int) -> str:
    start = heading("Commands for ufw on a CamCOPS server", *_says(site, ssh_port))
    rules = "".join(f"ufw allow {port}/tcp\n" for port in _ports(site, ssh_port))
    return f"#!/bin/sh\n{start}set -e\nufw default deny incoming\n{rules}ufw --force enable\n"


def _firewalld(site: Installation, ssh_port: int) -> str:
    start = heading(
        "Commands for firewalld on a CamCOPS server",
        *_says(site, ssh_port),
        "Services that the zone opened before (firewall-cmd --list-all) stay open.",
    )
    rules = "".join(
        f"firewall-cmd --permanent --add-port={port}/tcp\n" for port in _ports(site, ssh_port)
    )
    return f"#!/bin/sh\n{start}set -e\n{rules}firewall-cmd --reload\n"


def _ports(site: Installation, ssh_port: int) -> list[str]:
    return [str(port) for port in sorted({ssh_port, site.http_port, site.https_port})]


STYLES: Mapping[str, Callable[[Installation, int], str]] = {
    "nftables": _nftables,
    "ufw": _ufw,
    "firewalld": _firewalld,
}
