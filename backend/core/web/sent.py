"""What a form sends: whether it comes from our page, its file, its fields by their schema; and what
a phone sends that is no form: a photo."""

import hashlib
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import marshmallow as ma
from flask import request
from flask import session as cookie
from flask_wtf.csrf import generate_csrf, validate_csrf
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import RequestEntityTooLarge
from wtforms.validators import ValidationError as CsrfError

from backend.core import idempotency
from backend.core.config import PHOTOS
from backend.core.errors import AppError, NotLoggedIn, ValidationFailed
from backend.core.ids import new_id
from backend.core.permissions import Permission
from backend.core.photos import PhotoTooLarge
from backend.core.text import file_name, one_line
from backend.core.web.attempts import Access, Path, words_of
from backend.core.web.ways import TOKEN

FORM_KEY = "_key"
# The fields beside a form's file; and how much of a file that is too large is read, to say so.
_BESIDE_A_FILE = 100_000
_MOST_DRAINED = 20_000_000
# What a form may carry besides its own fields.
OF_EVERY_FORM = ("csrf_token", FORM_KEY)


class ForgedForm(AppError):
    status = 403
    code = "forged_form"
    title = "页面已过期，请返回刷新后再提交"


class FileTooLarge(AppError):
    status = 413
    code = "file_too_large"
    title = "文件太大了，没有上传"


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


def form_fields() -> dict[str, str]:
    """The hidden fields of every form: where it comes from, and which sending it is."""
    return {"csrf_token": generate_csrf(), FORM_KEY: str(new_id())}


def check_origin(access: Access | Permission) -> None:
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


def accept_file(upload: Upload) -> None:
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


def uploaded_file(upload: Upload) -> UploadedFile | None:
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


def form_fingerprint(path: Path) -> bytes:
    fields = {name: values for name, values in request.form.lists() if name not in OF_EVERY_FORM}
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


def load_form(schema: ma.Schema, given: MultiDict[str, str]) -> Any:
    own = MultiDict((n, v) for n, v in given.items(multi=True) if n not in OF_EVERY_FORM)
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


def load_query(schema: ma.Schema | None, *, strictly: bool = False) -> tuple[Any, ...]:
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


def sent_photo() -> bytes:
    """The body of a request of a phone. Raises PhotoTooLarge (413)."""
    return sent_file(PHOTOS.most_bytes, PhotoTooLarge)


def sent_file(most_bytes: int, too_large: type[AppError]) -> bytes:
    """The body of a request, which is a file. Raises `too_large`."""
    request.max_content_length = most_bytes
    try:
        return request.get_data()
    except RequestEntityTooLarge:
        raise too_large from None
