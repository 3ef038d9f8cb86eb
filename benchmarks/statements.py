# SPDX-License-Identifier: GPL-3.0-or-later
"""How many SQL statements a turn of each kind takes, counted in this process on the same database."""

import warnings
from collections.abc import Sequence
from pathlib import Path

from tests.statements import count_statements
from tests.tablet import send

from benchmarks.device import USER, Request, fields
from benchmarks.installation import PASSWORD
from camcops import TABLET_COMPATIBLE_VERSION, config
from camcops.site import Site


def of_each(path: Path, kinds: Sequence[tuple[Sequence[Sequence[Request]], bool]]) -> list[int]:
    """For each kind (its turns; does each begin a session?): statements of its last turn."""
    warnings.filterwarnings("ignore", "pkg_resources is deprecated", UserWarning)
    from camcops.web.application import make_wsgi_app

    site = Site.open(config.load(path))
    application = make_wsgi_app(site)
    session = b""

    def run(requests: Sequence[Request], *, anew: bool) -> None:
        nonlocal session
        session = b"" if anew else session
        for operation, own in requests:
            common = fields(
                {
                    "camcops_version": TABLET_COMPATIBLE_VERSION,
                    "device": "bench-counted",
                    "user": USER,
                    "password": PASSWORD,
                    "operation": operation,
                }
            )
            answer = send(application, b"&".join(part for part in (common, session, own) if part))
            lines = answer.lines
            assert lines.get("success") == "1", f"{operation}: {answer.body.decode()[:500]}"
            session = fields({key: lines[key] for key in ("session_id", "session_token")})

    run([("register", fields({"devicefriendlyname": "Counted"}))], anew=True)
    counts = []
    for pool, anew in kinds:
        run(pool[0], anew=anew)
        with count_statements(site.database) as seen:
            run(pool[-1], anew=anew)
        counts.append(len(seen))
    site.database.engine.dispose()
    return counts
