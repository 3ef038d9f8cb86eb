# SPDX-License-Identifier: GPL-3.0-or-later
"""A certificate authority of the tests' own, and the certificate of a server that it vouches for."""

import base64
import hashlib
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

HOST = "localhost"


@dataclass(frozen=True)
class Certificates:
    """Files: of the authority, and of the server `localhost` with its key."""

    authority: Path
    certificate: Path
    key: Path

    def trusted(self) -> ssl.SSLContext:
        """For a client that was told to trust this authority, and trusts no other."""
        return ssl.create_default_context(cafile=str(self.authority))

    @property
    def fingerprint(self) -> str:
        """Of the server's public key (SHA-256, base 64), the form in which Chromium can be told of it."""
        shown = ["openssl", "x509", "-in", str(self.certificate), "-noout", "-pubkey"]
        public = subprocess.run(shown, check=True, capture_output=True).stdout
        packed = ["openssl", "pkey", "-pubin", "-outform", "DER"]
        der = subprocess.run(packed, input=public, check=True, capture_output=True).stdout
        return base64.b64encode(hashlib.sha256(der).digest()).decode()


def make_certificates(folder: Path) -> Certificates:
    """Makes them with openssl, as a site without a bought certificate would."""
    made = Certificates(folder / "authority.pem", folder / "server.pem", folder / "server.key")
    authority_key, request = folder / "authority.key", folder / "server.csr"
    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    _openssl(
        *["req", "-x509", *new_key, "-days", "2", "-subj", "/CN=Authority of the tests"],
        *["-keyout", str(authority_key), "-out", str(made.authority)],
    )
    _openssl("req", *new_key, "-subj", f"/CN={HOST}", "-keyout", made.key, "-out", request)
    names = folder / "names"
    names.write_text(f"subjectAltName = DNS:{HOST}, IP:127.0.0.1\n")
    _openssl(
        *["x509", "-req", "-in", str(request), "-CA", str(made.authority)],
        *["-CAkey", str(authority_key)],
        *["-CAcreateserial", "-days", "2", "-extfile", str(names), "-out", str(made.certificate)],
    )
    return made


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)
