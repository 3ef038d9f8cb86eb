# SPDX-License-Identifier: GPL-3.0-or-later
"""What a patient is sent: where the server is, and links that set up the app."""

from dataclasses import dataclass
from urllib.parse import quote, urlencode

from camcops.config.server import ServerSettings

LAUNCHER = "://ucam-department-of-psychiatry.github.io/camcops/register?"
"""The page of the CamCOPS project by which phones open the app."""

_USUAL_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Invitation:
    """The tablets' address of this server, the key, and links with both for the two kinds of phone."""

    server_url: str
    access_key: str

    @property
    def android_url(self) -> str:
        return "https" + LAUNCHER + self._query

    @property
    def ios_url(self) -> str:
        return "camcops" + LAUNCHER + self._query

    @property
    def _query(self) -> str:
        values = {
            "default_single_user_mode": "true",
            "default_server_location": self.server_url,
            "default_access_key": self.access_key,
        }
        return urlencode(values, quote_via=quote, safe="")


def api_url(settings: ServerSettings) -> str:
    """Where tablets reach this server, by the EXTERNAL_ settings."""
    scheme, host = settings.external_url_scheme, settings.external_server_name or settings.host
    port = settings.external_server_port or settings.port
    place = "" if _USUAL_PORTS.get(scheme) == port else f":{port}"
    return f"{scheme}://{host}{place}{(settings.external_script_name or '').rstrip('/')}/api"
