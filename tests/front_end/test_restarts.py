# SPDX-License-Identifier: GPL-3.0-or-later
"""Either server restarted, or killed, while tablets upload: nothing acknowledged is lost, and all goes on.

`CAMCOPS_TEST_KILLS` says how often the back end is killed.
"""

import os
import time
from collections.abc import Iterator

import pytest

from tests.faults.devices import Device, check_contents, registered, uploading, wait_for_failures
from tests.front_end.authority import Certificates
from tests.front_end.client import Client
from tests.front_end.conftest import OwnSite
from tests.front_end.tablets import trusting

pytestmark = [pytest.mark.xdist_group("front_end"), pytest.mark.slow]

KILLS = int(os.environ.get("CAMCOPS_TEST_KILLS", "2"))
RELOADS = 4
AGAIN_WITHIN_S = 30


@pytest.fixture
def devices(own_site: OwnSite, certificates: Certificates) -> Iterator[list[Device]]:
    """Two devices that upload through Apache; at the end what they hold is checked against the database."""
    with trusting(certificates):
        names = [f"device-{time.monotonic_ns()}-{n}" for n in range(2)]
        made = registered(own_site.mount.address, *names)
        yield made
        check_contents(own_site.database, made)


def test_back_end_killed_and_started_again(
    own_site: OwnSite, certificates: Certificates, devices: list[Device]
) -> None:
    """The next request works: Apache does not avoid a back end that was gone a moment ago."""
    client = Client(own_site.mount, certificates.trusted())
    with uploading(devices):
        for _ in range(KILLS):
            for device in devices:
                device.acknowledge_another(AGAIN_WITHIN_S)
            own_site.back_end.kill()
            wait_for_failures(devices, AGAIN_WITHIN_S)
            assert client.get("/camcops/webview").status == 503
            own_site.back_end.start()
            assert client.get("/camcops/webview").status == 200
            for device in devices:
                device.acknowledge_another(AGAIN_WITHIN_S)
    assert all(device.refusals == [] for device in devices)
    shown = {failure.shown.partition(":")[0] for d in devices for failure in d.failures}
    assert shown <= {"HTTP 502", "HTTP 503", "network"}


def test_apache_reread_while_tablets_upload(own_site: OwnSite, devices: list[Device]) -> None:
    with uploading(devices):
        for _ in range(RELOADS):
            own_site.apache.reload()
            for device in devices:
                device.acknowledge_another(AGAIN_WITHIN_S)
    assert [device.failures for device in devices] == [[], []]
    assert all(device.refusals == [] and device.acknowledged >= RELOADS for device in devices)
    assert own_site.apache.log.read_text().count("Doing graceful restart") == RELOADS


def test_apache_stopped_and_started_again(
    own_site: OwnSite, certificates: Certificates, devices: list[Device]
) -> None:
    with uploading(devices):
        devices[0].acknowledge_another(AGAIN_WITHIN_S)
        own_site.apache.stop()
        own_site.apache.start()
        for device in devices:
            device.acknowledge_another(AGAIN_WITHIN_S)
    assert Client(own_site.mount, certificates.trusted()).get("/camcops/webview").status == 200
