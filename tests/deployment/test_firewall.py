# SPDX-License-Identifier: GPL-3.0-or-later
"""The firewall's rules are read by nftables itself, and keep everybody but the wanted out."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.conftest import skip_or_fail
from tests.deployment.generated import accepted, needed, printed


def test_nftables_accepts_the_rules(tmp_path: Path) -> None:
    rules = tmp_path / "nftables.conf"
    rules.write_text(printed("demo_firewall_rules", "--ssh_port", 2222))
    done = subprocess.run(
        [needed("nft", for_="nftables"), "-c", "-f", str(rules)],
        capture_output=True,
        text=True,
        check=False,
    )
    if "Operation not permitted" in done.stderr:
        skip_or_fail("nftables", "nft may not look at the kernel's rules here")
    assert done.returncode == 0, done.stderr
    assert "tcp dport { 80, 443, 2222 } accept" in rules.read_text()


@pytest.mark.slow
def test_in_a_network_of_its_own_only_the_open_ports_answer(tmp_path: Path) -> None:
    """A machine made of two network namespaces: one scans the other, where services listen."""
    if os.getuid() != 0:
        skip_or_fail("nftables", "network namespaces need root")
    needed("nft", for_="nftables")
    needed("ip", for_="nftables")
    rules = tmp_path / "nftables.conf"
    rules.write_text(printed("demo_firewall_rules"))
    script = tmp_path / "scan.sh"
    script.write_text(SCAN)
    done = subprocess.run(
        ["unshare", "--net", "--mount", "sh", str(script), str(rules)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"},
    )
    if "not permitted" in done.stderr:
        skip_or_fail("nftables", "network namespaces are not permitted here")
    assert done.returncode == 0, done.stderr
    before, after = done.stdout.split("--\n")
    assert before.split() == ["22", "443", "3306", "5432", "5672", "5555", "8000"]
    assert after.split() == ["22", "443"]


SCAN = """\
set -e
mount -t tmpfs none /run
ip netns add server
ip link add inside type veth peer name outside
ip link set inside netns server
ip addr add 10.9.0.1/24 dev outside
ip link set outside up
ip netns exec server ip addr add 10.9.0.2/24 dev inside
ip netns exec server ip link set inside up
ip netns exec server ip link set lo up
cat >/run/listen.py <<'END'
import socket, sys, time
open_ = [socket.create_server(("", int(port))) for port in sys.argv[1:]]
print("ready", flush=True)
time.sleep(60)
END
cat >/run/scan.py <<'END'
import socket, sys
for port in sys.argv[1:]:
    try:
        socket.create_connection(("10.9.0.2", int(port)), 0.4).close()
        print(port)
    except OSError:
        pass
END
PORTS="22 443 3306 5432 5672 5555 8000"
ip netns exec server python3 /run/listen.py $PORTS >/run/ready &
listener=$!
trap 'kill $listener' EXIT
while ! grep -q ready /run/ready; do sleep 0.05; done
python3 /run/scan.py $PORTS
echo --
ip netns exec server nft -f "$1"
python3 /run/scan.py $PORTS
"""


@pytest.mark.parametrize("style", ["ufw", "firewalld"])
def test_commands_for_other_firewalls_are_sound_shell(style: str, tmp_path: Path) -> None:
    script = tmp_path / "rules.sh"
    script.write_text(printed("demo_firewall_rules", "--style", style, "--https_port", 8443))
    accepted("sh", "-n", script)
    ran = tmp_path / "ran"
    for program in ("ufw", "firewall-cmd"):
        stand_in = tmp_path / program
        stand_in.write_text(f'#!/bin/sh\necho "$@" >>{ran}\n')
        stand_in.chmod(0o755)
    accepted("sh", script, env={"PATH": f"{tmp_path}:{os.environ['PATH']}"})
    opened = [line for line in ran.read_text().splitlines() if "/tcp" in line]
    assert [line.rpartition(" ")[2].rpartition("=")[2] for line in opened] == [
        "22/tcp",
        "80/tcp",
        "8443/tcp",
    ]
