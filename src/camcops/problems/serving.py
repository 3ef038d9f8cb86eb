# SPDX-License-Identifier: GPL-3.0-or-later
"""Beginning to serve."""

from camcops.problems.kinds import Kind

NO_FREE_PORT = Kind(
    "demo.no_free_port",
    "Each port from {first} to {last} is in use.",
    "Choose another with --port.",
)
DEMONSTRATION_FOLDER_IN_USE = Kind(
    "demo.folder_in_use",
    "The folder {folder} holds something else, or a demonstration that was cut short while it was made.",
    "Nothing was changed. Name an empty or a new folder.",
)
DEMONSTRATION_FAILED = Kind(
    "demo.failed", "The demonstration's server did not start.", "Its log is {log}."
)
ADDRESS_IN_USE = Kind(
    "serving.address_in_use",
    "Another program listens on {address} already.",
    "Stop it, or choose another PORT or UNIX_DOMAIN_SOCKET.",
)
ADDRESS_UNUSABLE = Kind(
    "serving.address_unusable",
    "It is not possible to listen on {address}: {reason}.",
    "Check HOST, PORT (only root may use those below 1024) and UNIX_DOMAIN_SOCKET.",
)
FOLDER_UNUSABLE = Kind(
    "serving.folder_unusable",
    "The folder {folder} of {key} can't be used: {reason}.",
    "Make it, with the user who runs this program as its owner and mode 0700, or name another.",
)
TLS_UNUSABLE = Kind(
    "serving.tls_unusable",
    "The certificate {path} can't be used: {reason}.",
    "SSL_CERTIFICATE and SSL_PRIVATE_KEY name two files in PEM format that belong together and that the user "
    "running this program can read.",
)
THREADS_WRONG = Kind(
    "serving.threads_wrong",
    "CHERRYPY_THREADS_MAX is {most}, but CHERRYPY_THREADS_START {first}.",
    "Let the first be -1 (no limit), or as large as the second or larger.",
)
MOUNT_POINT_WRONG = Kind(
    "serving.mount_point_wrong",
    "CHERRYPY_ROOT_PATH {path!r} is not a path.",
    "Leave it at /, or give a path such as /camcops.",
)
TOOLBAR_REFUSED = Kind(
    "serving.toolbar_refused",
    "DEBUG_TOOLBAR works with serve_pyramid only, since it shows all data to whoever opens a page.",
    "Switch it off.",
)
TOOLBAR_MISSING = Kind(
    "serving.toolbar_missing",
    "DEBUG_TOOLBAR needs the package pyramid_debugtoolbar, which is not installed.",
    "Switch it off; developers install the package with pip.",
)
SERVER_MISSING = Kind(
    "command.server-missing",
    "{server} can't run here: {reason}.",
    "It needs Linux or another Unix; elsewhere use another of the serve_ commands.",
)
