# SPDX-License-Identifier: GPL-3.0-or-later
"""Gunicorn, embedded: several processes of several threads each. The choice on Linux."""

import logging
import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from wsgiref.types import WSGIApplication

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from camcops.config.server import ServerSettings
from camcops.serving import memory
from camcops.serving.certificates import tls_context
from camcops.serving.listening import address, tcp_address

log = logging.getLogger(__name__)

THREADS = 8
"""Requests that one process serves at a time; each may hold one database connection."""


class OurLog(Logger):  # type: ignore[misc]
    """Gunicorn's messages in the program's own log, in its form."""

    def setup(self, cfg: Any) -> None:
        self.error_log.setLevel(logging.INFO)
        self.error_log.propagate = True
        self.error_log.addFilter(without_queries)


def without_queries(record: logging.LogRecord) -> bool:
    """Cuts messages off where they quote the query string of a request: it can name a patient."""
    message, question, _ = record.getMessage().partition("?")
    if question:
        record.msg, record.args = f"{message}?…", ()
    return True


class Embedded(BaseApplication):  # type: ignore[misc]
    """A Gunicorn whose options come from our settings and whose application is already built."""

    def __init__(self, application: WSGIApplication, options: Mapping[str, Any]) -> None:
        self.application = application
        self.options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self.options.items():
            self.cfg.set(name, value)
        if "control_socket_disable" in self.cfg.settings:
            # Newer versions open a socket for commands in the home folder, shared by all instances.
            self.cfg.set("control_socket_disable", True)

    def load(self) -> WSGIApplication:
        return self.application


def serve(
    application: WSGIApplication, settings: ServerSettings, after_fork: Callable[[], None]
) -> None:
    """Listen and serve until told to stop.

    `after_fork` runs first in each worker: connections opened before the fork must not be shared.
    """
    chosen = options(settings, after_fork)
    if "certfile" in chosen:
        # Before anything is started, and so that what is wrong with it is said once.
        tls_context(Path(chosen["certfile"]), Path(chosen["keyfile"]))
    if settings.debug_show_gunicorn_options:
        log.info("Gunicorn options: %s", chosen)
    os.environ.pop("SCRIPT_NAME", None)  # ours to apply (PROXY_SCRIPT_NAME), not Gunicorn's
    log.info(
        "Listening on %s: %d processes of %d threads",
        address(settings),
        settings.gunicorn_num_workers,
        THREADS,
    )
    memory.return_what_is_free()
    memory.before_serving()
    os.register_at_fork(after_in_child=_end_when_told)
    Embedded(application, chosen).run()


def options(settings: ServerSettings, after_fork: Callable[[], None]) -> dict[str, Any]:
    """Gunicorn's options; its own beliefs in forwarded headers are off (`ReverseProxy` decides)."""
    socket = settings.unix_domain_socket
    chosen: dict[str, Any] = {
        "bind": f"unix:{socket}" if socket else tcp_address(settings.host, settings.port),
        "workers": settings.gunicorn_num_workers,
        "worker_class": "camcops.serving.slow_clients.PunctualWorker",
        "threads": THREADS,
        "timeout": settings.gunicorn_timeout_s,
        "graceful_timeout": settings.gunicorn_timeout_s,
        "keepalive": 5,
        "reload": settings.gunicorn_debug_reload,
        "post_fork": lambda server, worker: after_fork(),
        "proc_name": "camcops_server",
        "forwarded_allow_ips": "",
        "forwarder_headers": "",
        "secure_scheme_headers": {},
        "logger_class": OurLog,
    }
    if Path("/dev/shm").is_dir():  # noqa: S108 - a heartbeat file should never wait for a disk
        chosen["worker_tmp_dir"] = "/dev/shm"  # noqa: S108
    if settings.ssl_certificate and settings.ssl_private_key:
        chosen |= {
            "certfile": str(settings.ssl_certificate),
            "keyfile": str(settings.ssl_private_key),
            "ssl_context": lambda config, default: tls_context(
                Path(config.certfile), Path(config.keyfile)
            ),
        }
    return chosen


def _end_when_told() -> None:
    """Until a process has handlers of its own, it would only note what it is told, as the first one does.

    The first process would then wait for it for as long as for an unfinished request.
    """
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)
