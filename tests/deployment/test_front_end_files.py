# SPDX-License-Identifier: GPL-3.0-or-later
"""Apache's and nginx's own parsers read the generated files; how they then serve is tests/front_end's."""

import os
import re
from pathlib import Path

import pytest

from tests.deployment.generated import accepted, needed, printed

MODULES = (
    *("mpm_event", "authz_core", "alias", "mime", "headers", "proxy", "proxy_http", "ssl"),
    "reqtimeout",
)
PATHS = ("/", "/camcops", "/a.b/c")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `certificate.pem` and `key.pem`."""
    folder = tmp_path_factory.mktemp("tls")
    accepted(
        *[needed("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt"],
        *["ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=localhost"],
        *["-keyout", folder / "key.pem", "-out", folder / "certificate.pem"],
    )
    return folder


def site(kind: str, certificate: Path, folder: Path, *more: str | int | Path) -> str:
    return printed(
        *[f"demo_{kind}_config", "--certificate", certificate / "certificate.pem"],
        *["--key", certificate / "key.pem", "--front_end_logs", folder, *more],
    )


def apache_accepts(folder: Path, *sites: str) -> str:
    program = needed("apache2", for_="apache")
    places = ("/usr/lib/apache2/modules", "/etc/httpd/modules", "/usr/lib64/httpd/modules")
    modules = next(place for place in places if os.path.isdir(place))
    loaded = [f"LoadModule {name}_module {modules}/mod_{name}.so" for name in MODULES]
    server = [f"ServerRoot {folder}", "ServerName localhost", f"PidFile {folder}/pid"]
    log = [f"ErrorLog {folder}/error.log", "TypesConfig /etc/mime.types", "Listen 443", "Listen 80"]
    file = folder / "apache.conf"
    file.write_text("\n".join([*loaded, *server, *log, *sites]))
    return accepted(program, "-t", "-f", file)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("way", [("--socket", "/run/x/y.socket"), ("--port", "8123")], ids=str)
def test_apache_accepts_it(
    path: str, way: tuple[str, str], certificate: Path, tmp_path: Path
) -> None:
    text = site("apache", certificate, tmp_path, "--path", path, *way)
    assert apache_accepts(tmp_path, text) == "Syntax OK\n"


def test_apache_accepts_two_instances_and_a_section_in_one_configuration(
    certificate: Path, tmp_path: Path
) -> None:
    one = site("apache", certificate, tmp_path, "--instance", "one", "--host", "one.example")
    section = printed("demo_apache_config", "--instance", "two", "--path", "two", "--section")
    both = one.replace("</VirtualHost>\n", f"{section}</VirtualHost>\n")
    assert apache_accepts(tmp_path, both) == "Syntax OK\n"
    hosts = re.findall(r"^ *ProxyPass .*\|(http://[a-z]+)", both, re.MULTILINE)
    assert sorted(set(hosts)) == ["http://one", "http://two"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("way", [("--socket", "/run/x/y.socket"), ("--port", "8123")], ids=str)
def test_nginx_accepts_it(
    path: str, way: tuple[str, str], certificate: Path, tmp_path: Path
) -> None:
    ports = ("--https_port", 18443, "--http_port", 18080)
    text = site("nginx", certificate, tmp_path, "--path", path, *way, *ports)
    said = nginx_accepts(tmp_path, text)
    assert "warn" not in said


def test_nginx_accepts_two_instances_and_a_section_in_one_configuration(
    certificate: Path, tmp_path: Path
) -> None:
    ports = ("--https_port", 18443, "--http_port", 18080)
    one, three = (
        site("nginx", certificate, tmp_path, "--instance", name, "--host", f"{name}.org", *ports)
        for name in ("one", "three")
    )
    section = printed("demo_nginx_config", "--instance", "two", "--path", "two", "--section")
    one = one.replace("    ssl_session_tickets off;\n", f"    ssl_session_tickets off;\n{section}")
    assert "warn" not in nginx_accepts(tmp_path, one + three)


def nginx_accepts(folder: Path, text: str) -> str:
    program = needed("nginx")
    file = folder / "nginx.conf"
    head = f"pid {folder}/pid;\nerror_log {folder}/error.log;\nevents {{}}\n"
    file.write_text(f"{head}http {{\ninclude /etc/nginx/mime.types;\n{text}}}\n")
    return accepted(program, "-t", "-c", file, "-e", folder / "error.log")


@pytest.mark.parametrize("kind", ["apache", "nginx"])
def test_the_way_to_the_program_is_plain_http_and_its_slashes_agree(kind: str) -> None:
    for path, slash in (("/", "/"), ("/camcops", "")):
        text = printed(f"demo_{kind}_config", "--path", path)
        assert "|https:" not in text
        if kind == "apache":
            assert f'"unix:/run/camcops/camcops.socket|http://camcops{slash}" retry=0 ' in text
            assert text.index("static/logo_local.png") < text.index('/static/"')
            assert text.index('/static/"') < text.index('ProxyPass "')


def test_the_manuals_spelling_of_the_path_is_understood() -> None:
    texts = {
        printed("demo_apache_config", "--path", path)
        for path in ("camcops", "/camcops", "/camcops/")
    }
    assert len(texts) == 1
    assert "X-Script-Name" not in "".join(
        line for line in printed("demo_apache_config").splitlines() if "RequestHeader set" in line
    )
