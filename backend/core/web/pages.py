"""The web console's pages: one way to declare a page and a form.

    @pages.page("/<uuid:activity_id>", access=Permission.ACTIVITY_SEE_DRAFT)
    def show(session, actor, activity_id, typed=None, problem=None): return render(…)

    @pages.form("/<uuid:activity_id>", access=Permission.ACTIVITY_EDIT, body=Facts, again=show)
    def save(session, actor, body, activity_id): …; return see_other(".show", activity_id=…)

What happens to each request is in attempts.py: a page is shown in one transaction and changes
nothing, a form that is sent twice is carried out once. A form is asked first where it comes from
(CSRF). What is refused is shown again with what was typed (`again`), and the reason beside the
field. The page after it says what was done. One that asks once more first leads to a page with an
address of its own (`next_step`).

The address of every form can be opened: it leads to the page that the form is on.

What was typed is kept by the browser until it is saved (console/static/drafts.js, docs/adr/0028):
the next page names the form whose fields are done with. Whoever must log in meanwhile is led back
to the page that they were on.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any
from urllib.parse import urlencode

import marshmallow as ma
from flask import (
    Flask,
    Response,
    current_app,
    flash,
    g,
    redirect,
    render_template,
    request,
    url_for,
)
from flask import session as cookie
from flask.sansio.app import App
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from backend.core import idempotency
from backend.core.context import compose, composed
from backend.core.db import transaction
from backend.core.errors import AppError, NotLoggedIn, ValidationFailed
from backend.core.idempotency import IdempotencyKeyReused, StoredAnswer
from backend.core.permissions import Actor
from backend.core.web import steps
from backend.core.web.attempts import (
    A_READ,
    PUBLIC,
    Declared,
    Path,
    Sending,
    View,
    Work,
    declare_access,
)
from backend.core.web.flashes import DONE, done_forms, notices
from backend.core.web.problems import problem_for
from backend.core.web.replies import ASKED, asked_before, conditional, refused_page
from backend.core.web.sent import (
    FORM_KEY,
    ForgedForm,
    Upload,
    accept_file,
    check_origin,
    form_fields,
    form_fingerprint,
    load_form,
    load_query,
    uploaded_file,
)
from backend.core.web.ways import TOKEN, Frame, OfConsole, to_login, way_back

SAVED = "已保存"


class SavedBefore(IdempotencyKeyReused):
    code = "saved_before"
    title = "这一页您刚才已经保存过一次，这次没有保存"

    def __init__(self, made: str) -> None:
        """
        Args:
            made: address of the page that the first sending led to.
        """
        super().__init__("要改刚才保存的，请打开它；确实要再新建一份，请再按一次")
        self.made = made


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Declared):
    """What a page declares.

    Attributes:
        query: schema of the address's parameters; an unknown or a wrong one is passed over, so
            that an old bookmark still shows a page.
        asked: schema of the form whose next step this is; the view is given what was sent, loaded.
            Where it can't be gone on with any more, the page leads back to the form's.
        again: the view of the page that the form with these parameters is on: of a next step; or
            where what comes out is taken away (paper) and a wrong parameter must not be passed
            over. There it shows the refusal, called as a form's `again` is.
        polled: a part that an open page asks for again and again. It keeps no session from ending,
            since nobody may be there any more, and is answered 304 where nothing has changed.
    """

    query: type[ma.Schema] | None = None
    asked: type[ma.Schema] | None = None
    again: View | None = None
    polled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Form(Declared):
    """What a form declares.

    Attributes:
        body: schema of the fields; unknown ones are refused. Fields with the same name come as a
            list where the schema has one.
        query: schema of the address's parameters, taken as a page takes them.
        again: the view of the page that the form is on. It shows a refusal, called with `typed`,
            the fields as they came, and `problem`, the refusal; and with the query of the form's
            address, if the page has one. Without one a refusal is shown on a page of its own.
        page: endpoint of the page that the form is on, where `again` is none.
        upload: the file that the form takes (multipart/form-data); `body` is needed too.
        said: what the next page says, where the view does not `tell`; None for nothing.
        kept: whether a repeat finds where the first led to; not where that is a secret.
    """

    body: type[ma.Schema] | None = None
    query: type[ma.Schema] | None = None
    again: View | None = None
    page: str | None = None
    upload: Upload | None = None
    said: str | None = SAVED
    kept: bool = True


class Pages(OfConsole):
    """A feature's pages. `page` declares one that is read, with the words of `Page`; `form` one
    that is sent, with those of `Form`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.register_error_handler(Exception, _error_page)

    def page(self, rule: str, **declared: Any) -> Callable[[View], View]:
        """A page; the view is given the session, the actor, the loaded query if it has one, and
        the path's values."""
        page = Page(reads=True, limit=A_READ, **declared)

        def declare(view: View) -> View:
            shown = _Shown(view, page)
            # For a form of this page: what is refused is shown with the same filters.
            view.query = shown.query  # type: ignore[attr-defined]
            return self._add(rule, view, shown)

        return declare

    def form(self, rule: str, **declared: Any) -> Callable[[View], View]:
        """A form; the view is given the session, the actor, the loaded body and the loaded query
        if it has them, and the path's values, and answers with a redirect."""
        form = Form(**declared)
        return lambda view: self._add(rule, view, _Sent(view, form))

    def register(self, app: App, options: dict[str, Any]) -> None:
        """The address of a form, which a refusal shows, can be opened too."""
        super().register(app, options)
        rules = list(app.url_map.iter_rules())
        shown = {rule.rule for rule in rules if "GET" in (rule.methods or ())}
        for rule in rules:
            form = getattr(app.view_functions[rule.endpoint], "declared", None)
            if isinstance(form, Form) and rule.rule not in shown:
                app.add_url_rule(rule.rule, f"{rule.endpoint}_page", _leads_to_page(form))

    def _add(self, rule: str, view: View, work: Work) -> View:
        @wraps(view)
        def handle(**path: Any) -> Any:
            return work.handle(path)

        handle.declared = work.declared  # type: ignore[attr-defined]
        declare_access(work.declared.access)(handle)
        methods = ["GET"] if work.declared.reads else ["POST"]
        self.add_url_rule(rule, view.__name__, handle, methods=methods)
        return view


class _ByCookie(Work):
    """Whose a request is, the console's cookie says."""

    polled = False

    def actor_of(self, session: Session) -> Actor | None:
        token = cookie.get(TOKEN)
        if not token:
            return None
        return composed(Frame).authenticate(session, token, in_use=not self.polled)

    def respond(self, returned: Any) -> Any:
        return returned


class _Shown(_ByCookie):
    """One page at work."""

    sent_as = "page"
    declared: Page

    def __init__(self, view: View, declared: Page) -> None:
        super().__init__(view, declared)
        self.query = declared.query(unknown=ma.EXCLUDE) if declared.query else None
        self.polled = declared.polled
        self._asked = declared.asked() if declared.asked else None

    def incoming(self) -> tuple[Any, ...]:
        return load_query(self.query, strictly=self.declared.again is not None)

    def show(self, session: Session, actor: Actor | None, path: Path) -> Any:
        if self._asked is not None:
            return self._show_step(session, actor, path, self._asked)
        try:
            asked = self.incoming()
        except ValidationFailed as refusal:
            again = self.declared.again
            assert again is not None
            page = again(session, actor, **path, typed=request.args, problem=refusal)
            return refused_page(page, refusal)
        return self.view(session, actor, *asked, **path)

    def _show_step(
        self, session: Session, actor: Actor | None, path: Path, schema: ma.Schema
    ) -> Any:
        """What was sent, as it now is. What was done meanwhile, by its sender or by another, is
        no refusal: the form's page shows what stands, and says why."""
        assert actor is not None
        try:
            body = load_form(schema, asked_before(session, actor))
            return self.view(session, actor, body, *self.incoming(), **path)
        except AppError as refusal:
            if refusal.status not in (409, 422):
                raise
            flash(steps.why_over(refusal), "info")
        filters = MultiDict(request.args)
        filters.pop(ASKED, None)
        return redirect(_page_of(self.declared, path, filters), 303)

    def answer_read(self, answer: Any, actor: Actor | None) -> Any:
        return conditional(answer) if self.polled else answer

    def is_reach(self, refusal: AppError) -> bool:
        """An open page that asks again and again is no new try."""
        return not self.polled and super().is_reach(refusal)


class _Sent(_ByCookie):
    """One form at work."""

    sent_as = "form"
    declared: Form

    def __init__(self, view: View, declared: Form) -> None:
        super().__init__(view, declared)
        self._schema = declared.body() if declared.body else None
        self._query = declared.query(unknown=ma.EXCLUDE) if declared.query else None

    def handle(self, path: Path) -> Any:
        g.form_page = _page_of(self.declared, path, request.args)
        try:
            answer = super().handle(path)
        except AppError as refusal:
            return self._show_again(refusal, path)
        # Now that it is true.
        if isinstance(answer, Response) and answer.location and not g.asks:
            self._say()
        return answer

    def check_sender(self) -> None:
        if self.declared.upload is not None:
            accept_file(self.declared.upload)
        check_origin(self.declared.access)

    def incoming(self) -> tuple[Any, ...]:
        g.told, g.asks = [], False
        return (*self._body(), *load_query(self._query))

    def _body(self) -> tuple[Any, ...]:
        if self._schema is None:
            return ()
        body = load_form(self._schema, request.form)
        if self.declared.upload is not None:
            body[self.declared.upload.name] = uploaded_file(self.declared.upload)
        return (body,)

    def key_of(self, incoming: tuple[Any, ...]) -> str | None:
        return request.form.get(FORM_KEY) or None

    def meaning(self, path: Path) -> bytes:
        return form_fingerprint(path)

    def to_keep(self, answer: Any) -> StoredAnswer | None:
        """Where it leads: a page that shows a refusal is made anew, and what asks once more has
        done nothing."""
        if not isinstance(answer, Response) or not answer.location:
            return None
        if g.asks or not self.declared.kept:
            return None
        return StoredAnswer(answer.status_code, answer.location.encode(), "")

    def replay(self, stored: StoredAnswer) -> Response:
        return current_app.make_response(redirect(stored.body.decode(), stored.status))

    def sent_other(self, session: Session, sending: Sending) -> AppError:
        """The same form has come with other fields: the back button has brought it back."""
        identity = (sending.user_id, sending.key)
        first = session.get_one(idempotency.IdempotencyRecord, identity)
        return SavedBefore(first.body.decode())

    def is_reach(self, refusal: AppError) -> bool:
        """A forged form is one too."""
        return isinstance(refusal, ForgedForm) or super().is_reach(refusal)

    def _say(self) -> None:
        """Let the next page say what this form has done, and that its fields are done with."""
        said = self.declared.said
        for words, kind in g.told or ([(said, "success")] if said else []):
            flash(words, kind)
        if said is not None:
            flash(request.path, DONE)

    def _show_again(self, refusal: AppError, path: Path) -> Any:
        """What a refused form answers: the same page with what was typed, or the refusal's own."""
        again = self.declared.again
        if again is None or refusal.status not in (409, 413, 422, 429):
            raise refusal
        # What is too large was not read: there is nothing typed to show.
        typed = MultiDict() if refusal.status == 413 else request.form
        try:
            with transaction() as session:
                actor = self.authenticated(session)
                query = load_query(getattr(again, "query", None))
                page = again(session, actor, *query, **path, typed=typed, problem=refusal)
                return refused_page(page, refusal)
        except AppError as other:
            # Who may not see the page itself reached for it all the same, with whatever they sent.
            self.note(other)
            raise


def init_pages(app: Flask, frame: Frame) -> None:
    """Let pages know who is asking, and what they stand in."""
    compose(app.extensions, frame)
    app.jinja_env.globals.update(
        form_fields=form_fields, done_forms=done_forms, notices=notices, way_back=way_back
    )
    # A token is good for as long as its cookie's secret, which a login makes anew: a page may stay
    # open for longer than an hour.
    app.config["WTF_CSRF_TIME_LIMIT"] = None


def _leads_to_page(form: Form) -> View:
    @declare_access(PUBLIC)
    def lead(**path: Any) -> Any:
        """The page itself says who may see it."""
        return redirect(_page_of(form, path, request.args), 303)

    lead.form = form  # type: ignore[attr-defined]
    return lead


def _page_of(declared: Form | Page, path: Path, filters: MultiDict[str, str]) -> str:
    """The address of the page that a form is on.

    Args:
        path: the form's; the page has the same, or fewer.
        filters: the query of the form's address.
    """
    again = declared.again.__name__ if declared.again else ""
    endpoint = (declared.page if isinstance(declared, Form) else None) or f".{again}"
    if endpoint.startswith("."):
        endpoint = f"{request.blueprint}{endpoint}"
    (rule,) = current_app.url_map.iter_rules(endpoint)
    address = url_for(endpoint, **{n: value for n, value in path.items() if n in rule.arguments})
    query = urlencode(list(filters.items(multi=True)))
    return f"{address}?{query}" if query else address


def _error_page(error: Exception) -> Any:
    """A refusal as a page: what happened and what to do; a browser that is not logged in is sent
    to the login."""
    problem = problem_for(error)
    if isinstance(problem, NotLoggedIn):
        return to_login()
    return refused_page(render_template(composed(Frame).refusal, problem=problem), problem)
