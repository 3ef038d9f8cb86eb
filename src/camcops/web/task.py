# SPDX-License-Identifier: GPL-3.0-or-later
"""One task: its page, its PDF and its pictures. Each look is audited before it is answered."""

from datetime import datetime
from typing import Any

from markupsafe import Markup
from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response
from sqlalchemy import Connection

from camcops import problems
from camcops.documents import html, pdf
from camcops.documents.file_names import task_file_name
from camcops.documents.task import task_document
from camcops.documents.tree import TaskDocument
from camcops.problems import Problem
from camcops.records.access import reach_of
from camcops.records.blobs import Blob, contents, read_blob
from camcops.records.reading import StoredTask, load_task
from camcops.web.login import SOURCE
from camcops.web.policy import site_of
from camcops.web.times import SERVER_ZONE

SHOWN_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")
"""What the browser may show in place; anything else is only offered for download."""


def task(request: Request) -> dict[str, Any]:
    """The page of a task; absent and not this user's are the same."""
    stored = seen_task(request, "Viewed HTML")
    document = _document(request, stored)
    row = stored.row
    return {
        "heading": stored.instrument.short_name,
        "document": Markup(html.write(document, lambda pk: picture_address(request, pk))),  # noqa: S704
        "pdf": request.route_path("task_pdf", table=stored.instrument.table, pk=row["_pk"]),
        "older": _version(request, stored, row["_predecessor_pk"]),
        "newer": _version(request, stored, row["_successor_pk"]),
        "patient_tasks": _patient_tasks(request, stored),
    }


def task_pdf(request: Request) -> Response:
    stored = seen_task(request, "Viewed PDF")
    document = _document(request, stored)
    pictures = site_of(request).database.read(lambda conn: contents(conn, document.blob_pks))
    body = pdf.write(document, pictures)
    name = task_file_name(site_of(request).settings.site, stored, "pdf", datetime.now(SERVER_ZONE))
    response = Response(body=body, content_type="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{name}"'
    return response


def picture(request: Request) -> Response:
    """A picture of a task, as it was sent; the page turns it upright."""
    blob = _read_picture(request, int(request.matchdict["pk"]))
    if blob is None:
        raise Problem(problems.PAGE_NOT_FOUND)
    record_look(request, "Viewed picture", blob.table_name, blob.server_pk, None)
    shown = blob.mimetype in SHOWN_PICTURES
    response = Response(
        body=blob.content,
        content_type=blob.mimetype if shown else "application/octet-stream",
    )
    response.headers["Content-Disposition"] = "inline" if shown else "attachment"
    return response


def seen_task(request: Request, details: str) -> StoredTask:
    """The task that the address names, if this user may see it; the look is in the audit trail."""
    site, user = site_of(request), request.reader
    table, pk = request.matchdict["table"], int(request.matchdict["pk"])

    def work(conn: Connection) -> StoredTask | None:
        visible = reach_of(conn, user).visible
        return load_task(conn, site.database, table, pk, visible=visible)

    stored = site.database.read(work)
    if stored is None:
        raise Problem(problems.PAGE_NOT_FOUND)
    patient = stored.patient
    record_look(request, details, table, pk, patient.row["_pk"] if patient else None)
    return stored


def record_look(
    request: Request, details: str, table: str, pk: int, patient_pk: int | None
) -> None:
    site = site_of(request)
    site.database.write(
        lambda conn: site.audit.record(
            conn,
            source=SOURCE,
            remote_addr=request.remote_addr,
            user_id=request.reader.id,
            table_name=table,
            server_pk=pk,
            patient_server_pk=patient_pk,
            details=details,
        )
    )


def picture_address(request: Request, pk: int) -> str:
    address: str = request.route_path("picture", pk=pk)
    return address


def _document(request: Request, stored: StoredTask) -> TaskDocument:
    site, user = site_of(request), request.reader
    locale = user.language or site.settings.site.language
    return task_document(stored, site.library.strings, locale=locale, zone=SERVER_ZONE)


def _read_picture(request: Request, pk: int) -> Blob | None:
    site, user = site_of(request), request.reader
    return site.database.read(
        lambda conn: read_blob(conn, site.database, pk, visible=reach_of(conn, user).visible)
    )


def _version(request: Request, stored: StoredTask, pk: int | None) -> str | None:
    if pk is None:
        return None
    address: str = request.route_path("task", table=stored.instrument.table, pk=pk)
    return address


def _patient_tasks(request: Request, stored: StoredTask) -> str | None:
    """The list of the same patient's tasks: by the first ID number, else by name and date of birth."""
    if stored.patient is None:
        return None
    row = stored.patient.row
    number = next((one for one in stored.patient.idnums if one.value is not None), None)
    query = (
        {"which_idnum": number.which, "idnum_value": number.value}
        if number
        else {name: row[name] for name in ("surname", "forename", "dob") if row[name]}
    )
    address: str | None = request.route_path("tasks", _query=query) if query else None
    return address


def includeme(config: Configurator) -> None:
    config.add_view(task, route_name="task", request_method="GET", renderer="task.html")
    config.add_view(task_pdf, route_name="task_pdf", request_method="GET")
    config.add_view(picture, route_name="picture", request_method="GET")
