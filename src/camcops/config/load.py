# SPDX-License-Identifier: GPL-3.0-or-later
"""From the INI file to checked, immutable settings; every fault is reported at once."""

import difflib
import logging
from collections.abc import Mapping
from configparser import InterpolationError
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from camcops import problems
from camcops.config.declaration import Declaration, declarations
from camcops.config.export import SMS_KEYS, ExportSettings, SmsSettings
from camcops.config.ini import IniFile, read_ini
from camcops.config.readers import NotAllowed
from camcops.config.server import ServerSettings
from camcops.config.site import SiteSettings
from camcops.problems import Problem

log = logging.getLogger(__name__)
T = TypeVar("T")

SECTIONS: Mapping[str, type] = {
    "site": SiteSettings,
    "server": ServerSettings,
    "export": ExportSettings,
}
SECRET_ENDINGS = ("PASSWORD", "SECRET", "TOKEN", "KEY", "SID", "URL")
QUOTED_MOST = 60


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything the configuration file says, by section; attributes are keys in lower case."""

    path: Path
    site: SiteSettings
    server: ServerSettings
    export: ExportSettings
    sms: SmsSettings
    warnings: tuple[str, ...] = ()


def load(path: Path | str, overrides: Mapping[str, str] | None = None) -> Settings:
    """Read and check a configuration file.

    `overrides` replaces keys of `[server]` (names in lower case) by the text given on the command line.
    Raises `Problem` (`CONFIG_UNREADABLE`, `CONFIG_WRONG`) that lists all faults.
    """
    file = Path(path).absolute()
    return _Loading(read_ini(file), overrides or {}).settings()


class _Loading:
    def __init__(self, ini: IniFile, overrides: Mapping[str, str]) -> None:
        self.ini = ini
        self.overrides = overrides
        self.faults = list(ini.faults)
        self.warnings: list[str] = []

    def settings(self) -> Settings:
        older = self._older_layout()
        if older:
            self.faults.append(older)
        values = {name: self._section(name, cls) for name, cls in SECTIONS.items()}
        sms = self._sms(values["site"].get("sms_backend", "console"))
        self._cross_checks(values)
        self._unknown()
        if self.faults:
            raise Problem(
                problems.CONFIG_WRONG,
                path=self.ini.path,
                faults="\n".join(f"  - {fault}" for fault in self.faults),
            )
        return Settings(
            path=self.ini.path,
            site=SiteSettings(**values["site"]),
            server=ServerSettings(**values["server"]),
            export=ExportSettings(**values["export"]),
            sms=SmsSettings(**sms),
            warnings=tuple(self.warnings),
        )

    def _older_layout(self) -> str | None:
        if "recipients" in self.ini.sections or "db_url" in self.ini.keys("server"):
            return (
                "this is the layout of CamCOPS before 2.3.1: rename [server] to [site], [recipients] to "
                "[export] and HL7_LOCKFILE to EXPORT_LOCKDIR, and begin a new [server] for the web server"
            )
        return None

    def _section(self, name: str, section: type) -> dict[str, Any]:
        if name not in self.ini.sections:
            self.faults.append(f"section [{name}] is missing; it may be empty, but must be there")
            return {}
        values: dict[str, Any] = {}
        for declared in declarations(section):
            raw = self._raw(name, declared.name)
            if raw is not None:
                self._read(name, declared, raw, values)
        return values

    def _raw(self, section: str, key: str) -> str | None:
        if section == "server" and key in self.overrides:
            return self.overrides[key]
        try:
            return self.ini.parser.get(section, key, fallback="")
        except InterpolationError:
            where = self.ini.where(section, key)
            self.faults.append(
                f"{where}: [{section}] {key.upper()} has a % that stands for nothing; "
                "write a plain percent sign as %%"
            )
            return None

    def _read(self, section: str, declared: Declaration, raw: str, values: dict[str, Any]) -> None:
        stripped = raw.strip()
        if not stripped:
            if declared.required:
                self.faults.append(f"[{section}] {declared.key} is missing: {declared.says}")
            return
        try:
            values[declared.name] = declared.read(stripped)
        except NotAllowed as error:
            where = self.ini.where(section, declared.name)
            self.faults.append(
                f"{where}: [{section}] {declared.key} must be {error}{_quoted(declared.key, stripped)}"
            )

    def _sms(self, backend: str) -> dict[str, str]:
        section = f"sms_backend:{backend}"
        keys = SMS_KEYS.get(backend, ())
        found = {
            key: (self.ini.parser.get(section, key, fallback="") or "").strip() for key in keys
        }
        missing = [key.upper() for key, value in found.items() if not value]
        if missing:
            self.faults.append(
                f"[{section}] needs {', '.join(missing)}, since SMS_BACKEND names it"
            )
        return found

    def _cross_checks(self, values: dict[str, dict[str, Any]]) -> None:
        server, export = values["server"], values["export"]
        if bool(server.get("ssl_certificate")) != bool(server.get("ssl_private_key")):
            self.faults.append(
                "[server] SSL_CERTIFICATE and SSL_PRIVATE_KEY belong together: give both or neither"
            )
        recipients = export.get("recipients", ())
        for name in recipients:
            if f"recipient:{name}" not in self.ini.sections:
                self.faults.append(
                    f"[export] RECIPIENTS lists {name}, but [recipient:{name}] is missing"
                )
        for line in export.get("schedule", ()):
            if line.recipient not in recipients:
                self.faults.append(
                    f"[export] SCHEDULE names {line.recipient}, which RECIPIENTS doesn't list"
                )
        if values["site"].get("mfa_methods", ("no_mfa",)) == ():
            self.faults.append("[site] MFA_METHODS must name at least one method")

    def _unknown(self) -> None:
        for name in self.ini.sections:
            if name in SECTIONS:
                known = [declared.name for declared in declarations(SECTIONS[name])]
                for key in self.ini.keys(name):
                    if key not in known:
                        self._warn_unknown(name, key, known)
            elif not name.startswith(("recipient:", "sms_backend:")) and name != "recipients":
                self.warnings.append(f"section [{name}] is not known and has no effect")

    def _warn_unknown(self, section: str, key: str, known: list[str]) -> None:
        near = difflib.get_close_matches(key, known, 1)
        hint = f"; did you mean {near[0].upper()}?" if near else ""
        where = self.ini.where(section, key)
        self.warnings.append(
            f"{where}: [{section}] {key.upper()} is not known, so has no effect{hint}"
        )


def _quoted(key: str, value: str) -> str:
    """The offending text, unless it may be a secret."""
    if key.endswith(SECRET_ENDINGS) or key == "DB_URL":
        return ""
    first_line = value.splitlines()[0]
    return f", not {first_line[:QUOTED_MOST]!r}" if first_line == value else ""
