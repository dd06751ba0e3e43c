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

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit

import marshmallow as ma
from flask import (
    Blueprint,
    Flask,
    Response,
    current_app,
    flash,
    g,
    get_flashed_messages,
    get_template_attribute,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from flask import session as cookie
from flask.sansio.app import App
from flask_wtf.csrf import generate_csrf, validate_csrf
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.routing import RequestRedirect
from wtforms.validators import ValidationError as CsrfError

from backend.core import idempotency
from backend.core.context import compose, composed
from backend.core.db import transaction
from backend.core.errors import AppError, NotLoggedIn, ValidationFailed
from backend.core.idempotency import IdempotencyKeyReused, StoredAnswer
from backend.core.ids import new_id
from backend.core.permissions import Actor, Permission
from backend.core.text import file_name, one_line
from backend.core.web import steps
from backend.core.web.attempts import (
    A_READ,
    PUBLIC,
    Access,
    Declared,
    Path,
    Sending,
    View,
    Work,
    declare_access,
    words_of,
)
from backend.core.web.problems import problem_for

FORM_KEY = "_key"
ASKED = "asked"
TOKEN = "token"  # noqa: S105 - the cookie's field, not a secret
# The fields beside a form's file; and how much of a file that is too large is read, to say so.
_BESIDE_A_FILE = 100_000
_MOST_DRAINED = 20_000_000
# What a form may carry besides its own fields.
_OF_EVERY_FORM = ("csrf_token", FORM_KEY)
SAVED = "已保存"
# Notices that are not for people: the address of a form whose fields are done with.
_DONE = "done"
# What the login page is asked with: where to go on, and whether a login has ended.
_WAY = ("next", "ended")
_LONGEST_WAY = 2000


class ForgedForm(AppError):
    status = 403
    code = "forged_form"
    title = "页面已过期，请返回刷新后再提交"


class FileTooLarge(AppError):
    status = 413
    code = "file_too_large"
    title = "文件太大了，没有上传"


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


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that a form takes; the view finds an `UploadedFile`, or None, under its name.

    Attributes:
        most_bytes: what the file may have; the form's other fields come on top.
    """

    name: str
    most_bytes: int


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """What came: the name that it had on the sender's disk is for people, never for a path, and is
    bounded as ours are."""

    name: str
    content: bytes


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


class Pages(Blueprint):
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
        return _query(self.query, strictly=self.declared.again is not None)

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
        no refusal: the form's page shows what stands."""
        assert actor is not None
        try:
            body = _loaded(schema, asked_before(session, actor))
            return self.view(session, actor, body, *self.incoming(), **path)
        except AppError as refusal:
            if refusal.status not in (409, 422):
                raise
        flash(steps.StepOver.title, "info")
        filters = MultiDict(request.args)
        filters.pop(ASKED, None)
        return redirect(_page_of(self.declared, path, filters), 303)

    def answer_read(self, answer: Any, actor: Actor | None) -> Any:
        return _conditional(answer) if self.polled else answer

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
            _accept(self.declared.upload)
        _check_origin(self.declared.access)

    def incoming(self) -> tuple[Any, ...]:
        g.told, g.asks = [], False
        return (*self._body(), *_query(self._query))

    def _body(self) -> tuple[Any, ...]:
        if self._schema is None:
            return ()
        body = _loaded(self._schema, request.form)
        if self.declared.upload is not None:
            body[self.declared.upload.name] = _uploaded(self.declared.upload)
        return (body,)

    def key_of(self, incoming: tuple[Any, ...]) -> str | None:
        return request.form.get(FORM_KEY) or None

    def meaning(self, path: Path) -> bytes:
        return _fingerprint(path)

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
            flash(request.path, _DONE)

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
                query = _query(getattr(again, "query", None))
                page = again(session, actor, *query, **path, typed=typed, problem=refusal)
                return refused_page(page, refusal)
        except AppError as other:
            # Who may not see the page itself reached for it all the same, with whatever they sent.
            self.note(other)
            raise


def see_other(endpoint: str, **values: Any) -> Response:
    """The redirect after a form, so that reloading the page sends nothing again."""
    return current_app.make_response(redirect(url_for(endpoint, **values), 303))


def next_step(session: Session, actor: Actor, endpoint: str, **values: Any) -> Response:
    """Lead to the page that asks once more before this form is done (`asked`). Nothing is done
    yet: what was typed stays, and the same form may be sent again."""
    sent = [(n, v) for n, v in request.form.items(multi=True) if n not in _OF_EVERY_FORM]
    g.asks = True
    return see_other(endpoint, **values, asked=steps.keep(session, actor.user_id, sent))


def asked_before(session: Session, actor: Actor) -> MultiDict[str, str]:
    """What the form before this page was sent with.

    Raises StepOver (409) when that is not known any more.
    """
    return steps.find(session, actor.user_id, request.args.get(ASKED, ""))


def attachment(content: bytes, name: str, mimetype: str) -> Response:
    """A file to keep. Its name may be Chinese (RFC 6266), and hold what somebody has typed."""
    return send_file(
        io.BytesIO(content), mimetype=mimetype, as_attachment=True, download_name=file_name(name)
    )


def tell(words: str, *, done: bool = True) -> None:
    """Say something on the next page.

    Args:
        done: whether it is what a form has done, and not something else to look at.
    """
    g.told.append((words, "success" if done else "info"))


def done_here() -> None:
    """Say that the page which a form answers is the end of it, and no step before another form:
    what was typed need not be kept."""
    g.done = request.path


def done_forms() -> list[str]:
    """The addresses of the forms whose fields are done with."""
    return [
        *(words for kind, words in _flashed() if kind == _DONE),
        *([g.done] if "done" in g else []),
    ]


def notices() -> list[tuple[str, str]]:
    """What is told on this page: of each notice its kind and its words."""
    return [(kind, words) for kind, words in _flashed() if kind != _DONE]


def _flashed() -> list[tuple[str, str]]:
    found: Any = get_flashed_messages(with_categories=True)
    return list(found)


def render(template: str, **values: Any) -> str:
    """A page from its template."""
    return render_template(template, **values)


def render_part(template: str, macro: str, *arguments: Any) -> str:
    """One macro of a template: the part of a page that refreshes by itself."""
    return str(get_template_attribute(template, macro)(*arguments))


def form_fields() -> dict[str, str]:
    """The hidden fields of every form: where it comes from, and which sending it is."""
    return {"csrf_token": generate_csrf(), FORM_KEY: str(new_id())}


def log_in_browser(token: str) -> None:
    """Let the browser's cookie carry a console session; what it carried before is dropped."""
    cookie.clear()
    cookie[TOKEN] = token
    # Made now: of two pages that load at once each would make one, and one would be lost.
    generate_csrf()


def log_out_browser() -> None:
    cookie.clear()


def way() -> dict[str, str]:
    """What the login page was asked with, for its forms to hand on."""
    return {name: request.args[name] for name in _WAY if name in request.args}


def after_login() -> Response:
    """To the page that asked for the login; the first one where none did."""
    place = _address_of_page(request.args.get("next", "")) or url_for(composed(Frame).home)
    return current_app.make_response(redirect(place, 303))


class Authenticate(Protocol):
    """Whose console session a cookie's token is; None for nobody's."""

    def __call__(self, session: Session, token: str, *, in_use: bool = True) -> Actor | None: ...


@dataclass(frozen=True, slots=True)
class Frame:
    """What all pages stand in; core knows none of it.

    Attributes:
        home: endpoint of the first page.
        login: endpoint of the page that asks who it is.
        refusal: template of a page that shows a refusal, `problem`. It needs nothing of the
            database: that may be what is away.
    """

    authenticate: Authenticate
    home: str
    login: str
    refusal: str


def init_pages(app: Flask, frame: Frame) -> None:
    """Let pages know who is asking, and what they stand in."""
    compose(app.extensions, frame)
    app.jinja_env.globals.update(
        form_fields=form_fields, done_forms=done_forms, notices=notices, way_back=_way_back
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
        return _to_login()
    return refused_page(render_template(composed(Frame).refusal, problem=problem), problem)


def refused_page(page: Any, problem: AppError) -> Response:
    """A page that shows a refusal, with its status."""
    answer = current_app.make_response((page, problem.status))
    if problem.retry_after is not None:
        answer.headers["Retry-After"] = str(problem.retry_after)
    return answer


def _to_login() -> Any:
    asked = {"next": _way_back()} | ({"ended": "1"} if cookie.get(TOKEN) else {})
    frame = composed(Frame)
    login = url_for(frame.login)
    if asked["next"] and asked["next"] != url_for(frame.home):
        login = f"{login}?{urlencode(asked, safe='/')}"
    if "HX-Request" in request.headers:
        # htmx would put the login page into a corner of this one.
        return Response(status=401, headers={"HX-Redirect": login})
    return redirect(login, 303)


def _way_back() -> str:
    """The address of the page that the browser is on, or was asking for; empty where there is
    none."""
    shown = request.method == "GET" and "HX-Request" not in request.headers
    asking = (request.full_path,) if shown else (request.referrer or "", g.get("form_page", ""))
    return next(filter(None, map(_address_of_page, asking)), "")


def _address_of_page(text: str) -> str:
    """An address of a page of ours for those who are logged in, without its host; empty for any
    other: what stands in an address may come from anybody."""
    try:
        parts = urlsplit(text[:_LONGEST_WAY])
        found, _ = current_app.url_map.bind(request.host).match(parts.path, method="GET")
    except (ValueError, HTTPException, RequestRedirect):
        return ""
    ours = parts.netloc in ("", request.host)
    page = isinstance(current_app.blueprints.get(found.split(".")[0]), Pages)
    public = getattr(current_app.view_functions[found], "access", Access.PUBLIC) is Access.PUBLIC
    if public or not (ours and page):
        return ""
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _conditional(answer: Any) -> Response:
    """A polled part with its ETag; empty where the page has it already."""
    response = current_app.make_response(answer)
    response.add_etag()
    response.make_conditional(request)
    return response


def _check_origin(access: Access | Permission) -> None:
    """A form must come from our own page: its token (Flask-WTF), the browser's word for it, and a
    one-time key like those that we give.

    Raises NotLoggedIn where nobody is logged in and nothing can be done with it anyway: logging
    out in another tab took the token away. ForgedForm (403) else.
    """
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        raise ForgedForm
    try:
        validate_csrf(request.form.get("csrf_token") or request.headers.get("X-CSRFToken"))
    except CsrfError:
        if access is not Access.PUBLIC and TOKEN not in cookie:
            raise NotLoggedIn from None
        raise ForgedForm from None
    if FORM_KEY in request.form and not idempotency.is_key(request.form[FORM_KEY]):
        raise ForgedForm


def _accept(upload: Upload) -> None:
    """Let this request be as large as its file may be, and read it.

    Raises FileTooLarge (413).
    """
    request.max_content_length = upload.most_bytes + _BESIDE_A_FILE
    try:
        request.form  # noqa: B018 - reading it is what parses the body
    except RequestEntityTooLarge:
        _drain()
        raise _too_large(upload) from None


def _drain() -> None:
    """Read what is still on its way: a browser shows no answer before it has sent everything."""
    left = min(request.content_length or 0, _MOST_DRAINED)
    while left > 0:
        chunk = request.environ["wsgi.input"].read(min(left, 65_536))
        if not chunk:
            return
        left -= len(chunk)


def _uploaded(upload: Upload) -> UploadedFile | None:
    """The form's file; None where none was chosen.

    Raises FileTooLarge (413).
    """
    sent: FileStorage | None = request.files.get(upload.name)
    if sent is None or not sent.filename:
        return None
    content = sent.stream.read()
    sent.stream.seek(0)
    if len(content) > upload.most_bytes:
        raise _too_large(upload)
    return UploadedFile(file_name(sent.filename), content)


def _too_large(upload: Upload) -> FileTooLarge:
    return FileTooLarge(errors={upload.name: [f"最大 {upload.most_bytes // 1_000_000} MB"]})


def _fingerprint(path: Path) -> bytes:
    fields = {name: values for name, values in request.form.lists() if name not in _OF_EVERY_FORM}
    for name, sent in request.files.items():
        fields[name] = [hashlib.sha256(sent.stream.read()).hexdigest()]
        sent.stream.seek(0)
    return idempotency.fingerprint(request.path, words_of(path), fields)


def _plain(schema: ma.Schema, given: MultiDict[str, str]) -> dict[str, Any]:
    """The fields as the schema expects them: an empty one is one that was not filled in."""
    plain: dict[str, Any] = {}
    fields = _by_name(schema)
    for name, values in given.lists():
        field = fields.get(name)
        if isinstance(field, ma.fields.List):
            plain[name] = [value for value in values if one_line(value)]
        elif one_line(values[-1]):
            plain[name] = values[-1].strip()
        elif field is not None and field.allow_none:
            plain[name] = None
    return plain


def _by_name(schema: ma.Schema) -> dict[str, ma.fields.Field[Any]]:
    """A schema's fields by what a form calls them: `from` is no name in Python."""
    return {field.data_key or name: field for name, field in schema.fields.items()}


def _loaded(schema: ma.Schema, given: MultiDict[str, str]) -> Any:
    own = MultiDict((n, v) for n, v in given.items(multi=True) if n not in _OF_EVERY_FORM)
    unknown = sorted(set(own) - set(_by_name(schema)))
    if unknown:
        raise ValidationFailed(errors={name: ["没有这一项"] for name in unknown})
    return _loaded_plain(schema, _plain(schema, own))


def _loaded_plain(schema: ma.Schema, plain: dict[str, Any]) -> Any:
    try:
        return schema.load(plain)
    except ma.ValidationError as error:
        messages = error.normalized_messages()  # type: ignore[no-untyped-call]
        raise ValidationFailed(errors=messages) from None


def _query(schema: ma.Schema | None, *, strictly: bool = False) -> tuple[Any, ...]:
    """The loaded query, if there is one; what is wrong in it is refused or passed over.

    Raises ValidationFailed (422).
    """
    if schema is None:
        return ()
    load = _loaded_plain if strictly else _loaded_leniently
    return (load(schema, _plain(schema, request.args)),)


def _loaded_leniently(schema: ma.Schema, plain: dict[str, Any]) -> Any:
    try:
        return schema.load(plain)
    except ma.ValidationError as error:
        wrong = error.normalized_messages()  # type: ignore[no-untyped-call]
        return schema.load({name: value for name, value in plain.items() if name not in wrong})
