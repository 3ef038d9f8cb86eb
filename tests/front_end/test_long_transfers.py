# SPDX-License-Identifier: GPL-3.0-or-later
"""Large requests and answers at the rate of a slow line: they outlast the back end's time-out.

`CAMCOPS_TEST_TRANSFER_MB` says how large a request is, `CAMCOPS_TEST_TRANSFER_S` how long each takes.
"""

import hashlib
import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPResponse

import pytest
import sqlalchemy as sa

from camcops.db.database import Database
from camcops.db.schema import blobs
from camcops.demonstration.tablet import Tables
from tests.faults.devices import contents
from tests.front_end.authority import Certificates
from tests.front_end.client import Client
from tests.front_end.conftest import TIMEOUT_S, OwnSite
from tests.front_end.tablets import MEGABYTE, PIECES, through
from tests.tablet import WsgiTablet

pytestmark = [pytest.mark.xdist_group("front_end"), pytest.mark.slow]

MEGABYTES = float(os.environ.get("CAMCOPS_TEST_TRANSFER_MB", "10"))
DURATION_S = float(os.environ.get("CAMCOPS_TEST_TRANSFER_S", "3"))
SENT_A_BYTE = 1.42
"""Bytes of a request for each byte of a picture: base64, of which some signs are written as three."""


def photograph(picture: bytes) -> Tables:
    """A tablet that holds one patient and one photograph."""
    made = contents(1)
    [task, *_] = made["phq9"]
    shared = {name: task[name] for name in ("when_created", "when_last_modified", "patient_id")}
    own = {"id": 1, "description": "Large", "photo_blobid": 1, "_move_off_tablet": 0}
    blob = {
        "id": 1,
        "tablename": "photo",
        "tablepk": 1,
        "fieldname": "photo_blobid",
        "filename": "photo.png",
        "mimetype": "image/png",
        "image_rotation_deg_cw": 0,
        "theblob": picture,
        "when_last_modified": task["when_last_modified"],
        "_move_off_tablet": 0,
    }
    people = {name: made[name] for name in ("patient", "patient_idnum")}
    return {**people, "photo": [{**own, **shared}], "blobs": [blob]}


def stored(database: Database, digest: str) -> int | None:
    """The key of the current picture that has this digest."""
    query = sa.select(blobs.c._pk, blobs.c.theblob).where(blobs.c._current)
    for pk, content in database.read(lambda conn: conn.execute(query).all()):
        if hashlib.sha256(content).hexdigest() == digest:
            return int(pk)
    return None


def test_large_upload_and_download_on_a_slow_line(
    own_site: OwnSite, certificates: Certificates
) -> None:
    assert DURATION_S > TIMEOUT_S
    picture = random.Random(1).randbytes(int(MEGABYTES * MEGABYTE / SENT_A_BYTE))
    digest = hashlib.sha256(picture).hexdigest()
    client = Client(own_site.mount, certificates.trusted())
    slow = through(client, slowest_s=DURATION_S)
    tablet = WsgiTablet("/database", "slow", "tablet", "tablet-pw-1", application=slow)
    tablet.register("Slow")

    began = time.monotonic()
    tablet.upload(photograph(picture), finish=False, one_step=False)

    assert time.monotonic() - began >= DURATION_S
    pk = stored(own_site.database, digest)
    assert pk is not None

    assert client.log_in("uploader", "uploader-pw-1").status == 303
    with answering(client, f"/camcops/webview/blobs/{pk}") as answer:
        received = read_slowly(answer, len(picture))
    assert received == digest


@contextmanager
def answering(client: Client, path: str) -> Iterator[HTTPResponse]:
    """An answer whose body is still to be read."""
    connection = client.connection()
    connection.request("GET", path, headers={"Cookie": client.cookies_for(path)})
    answer = connection.getresponse()
    try:
        assert answer.status == 200
        assert answer.getheader("Content-Type") == "image/png"
        yield answer
    finally:
        connection.close()


def read_slowly(answer: HTTPResponse, size: int) -> str:
    """Read a body of this size in pieces, with pauses between them; its digest."""
    digest = hashlib.sha256()
    while piece := answer.read(-(-size // PIECES)):
        digest.update(piece)
        time.sleep(DURATION_S / PIECES)
    return digest.hexdigest()
