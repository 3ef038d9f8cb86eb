# SPDX-License-Identifier: GPL-3.0-or-later
"""What no server of this kind can beat: bare Pyramid and SQLAlchemy Core, behind the same Gunicorn.

An upload's rows come as plain JSON and go into the same tables in one durable transaction; nothing is
checked, compared, scored, indexed or audited. A list is one SELECT of 25 rows, sent as JSON.

    python -m benchmarks.floor DATABASE_URL PORT PROCESSES
"""

import secrets
import sys
import warnings
from typing import Any

import sqlalchemy as sa

from camcops.db.client_tables import ClientTables
from camcops.db.engine import create_engine
from camcops.db.instants import utc_now
from camcops.instruments.library import BUILT_IN, Library
from camcops.serving.gunicorn import THREADS, Embedded

TABLES = ("patient", "patient_idnum", "phq9")
LISTED = 25


def application(url: str) -> Any:
    """The WSGI application: POST /upload, GET /list and GET /."""
    warnings.filterwarnings("ignore", "pkg_resources is deprecated", UserWarning)
    from pyramid.config import Configurator

    engine = create_engine(url)
    known = ClientTables(Library({"phq9": BUILT_IN / "phq9"}))
    tables = {name: known[name].table for name in TABLES}

    def upload(request: Any) -> dict[str, int]:
        # What CamCOPS's rows say of their life-cycle, in the same columns.
        common = {
            "_era": secrets.token_hex(8),
            "_device_id": 1,
            "_group_id": 1,
            "_current": True,
            "_adding_user_id": 1,
            "_when_added_exact": "2026-01-01T00:00:00.000000+00:00",
            "_when_added_batch_utc": utc_now(),
            "_camcops_version": "2.4.24",
            "_removal_pending": False,
        }
        content = request.json_body
        with engine.begin() as connection:
            for name, table in tables.items():
                connection.execute(table.insert(), [{**row, **common} for row in content[name]])
        return {"success": 1}

    def listing(request: Any) -> dict[str, Any]:
        phq9 = tables["phq9"]
        newest = sa.select(phq9).order_by(phq9.c._pk.desc()).limit(LISTED)
        with engine.connect() as connection:
            rows = connection.execute(newest).all()
        return {"rows": [[str(value) for value in row] for row in rows]}

    config = Configurator()
    for name, view in (("upload", upload), ("list", listing), ("", lambda request: {})):
        config.add_route(name or "root", f"/{name}")
        config.add_view(view, route_name=name or "root", renderer="json")
    return config.make_wsgi_app()


def main() -> None:
    url, port, processes = sys.argv[1:]
    options = {
        "bind": f"127.0.0.1:{port}",
        "workers": int(processes),
        "worker_class": "gthread",
        "threads": THREADS,
        "keepalive": 5,
        "worker_tmp_dir": "/dev/shm",
        "loglevel": "warning",
    }
    Embedded(application(url), options).run()


if __name__ == "__main__":
    main()
