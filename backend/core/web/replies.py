"""What pages and forms answer with, and photos of the API, too."""

import io
from typing import Any
from urllib.parse import urlencode

from flask import (
    Response,
    current_app,
    g,
    get_template_attribute,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from backend.core.errors import AppError
from backend.core.permissions import Actor
from backend.core.photos import MIMETYPE
from backend.core.text import file_name
from backend.core.web import steps
from backend.core.web.sent import OF_EVERY_FORM

ASKED = "asked"


def see_other(endpoint: str, **values: Any) -> Response:
    """The redirect after a form, so that reloading the page sends nothing again."""
    return current_app.make_response(redirect(url_for(endpoint, **values), 303))


def next_step(session: Session, actor: Actor, endpoint: str, **values: Any) -> Response:
    """Lead to the page that asks once more before this form is done (`asked`). Nothing is done
    yet: what was typed stays, and the same form may be sent again."""
    sent = [(n, v) for n, v in request.form.items(multi=True) if n not in OF_EVERY_FORM]
    g.asks = True
    return see_other(endpoint, **values, asked=steps.keep(session, actor.user_id, sent))


def asked_before(session: Session, actor: Actor) -> MultiDict[str, str]:
    """What the form before this page was sent with.

    Raises StepOver (409) when that is not known any more.
    """
    return steps.find(session, actor.user_id, request.args.get(ASKED, ""))


def with_query(endpoint: str, /, **changes: Any) -> str:
    """The address of a page, with the query of the one that is shown but for what changes.

    Whatever stands in a query is only that: given to `url_for` as it is, some names would be that
    function's own arguments.

    Args:
        changes: None: left out.
    """
    given = request.view_args if endpoint == request.endpoint else None
    query = request.args.to_dict() | changes
    kept = urlencode({name: value for name, value in query.items() if value is not None})
    address = url_for(endpoint, **(given or {}))
    return f"{address}?{kept}" if kept else address


def attachment(content: bytes, name: str, mimetype: str) -> Response:
    """A file to keep. Its name may be Chinese (RFC 6266), and hold what somebody has typed."""
    return send_file(
        io.BytesIO(content), mimetype=mimetype, as_attachment=True, download_name=file_name(name)
    )


def photo_response(jpeg: bytes) -> Response:
    """A photo to look at: no program, whatever is in it, and kept by nobody on the way."""
    response = Response(jpeg, content_type=MIMETYPE)
    response.headers["Content-Disposition"] = "inline"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response


def document_response(content: bytes, mimetype: str, name: str) -> Response:
    """A document that somebody has sent, for who may see it: a picture is shown, anything else is
    kept as a file. It runs nothing, whatever is in it, and is kept by nobody on the way."""
    if mimetype == MIMETYPE:
        response = photo_response(content)
    else:
        ending = mimetype.rpartition("/")[2]
        response = attachment(content, f"{name}.{ending}", mimetype)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def render(template: str, **values: Any) -> str:
    """A page from its template."""
    return render_template(template, **values)


def render_part(template: str, macro: str, *arguments: Any) -> str:
    """One macro of a template: the part of a page that refreshes by itself."""
    return str(get_template_attribute(template, macro)(*arguments))


def refused_page(page: Any, problem: AppError) -> Response:
    """A page that shows a refusal, with its status."""
    answer = current_app.make_response((page, problem.status))
    if problem.retry_after is not None:
        answer.headers["Retry-After"] = str(problem.retry_after)
    return answer


def conditional(answer: Any) -> Response:
    """A polled part with its ETag; empty where the page has it already."""
    response = current_app.make_response(answer)
    response.add_etag()
    response.make_conditional(request)
    return response
