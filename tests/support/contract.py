"""The OpenAPI document held against the app: schemathesis makes requests from it, good ones and bad
ones, and every answer must be one that it promises."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, time
from typing import Any
from uuid import UUID

import marshmallow as ma
import schemathesis
from flask import Flask
from hypothesis import strategies as st
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, events, from_schema
from schemathesis.engine.recorder import ScenarioRecorder
from schemathesis.generation.case import Case
from sqlalchemy import Connection

from backend.core.web import fields
from backend.core.web.api import Endpoint
from backend.identity.web.shapes import BirthYear
from tests.support.transactions import taken_back


def _in_utc(at: time) -> str:
    return at.isoformat("seconds") + "Z"


# An instant that schemathesis draws lies anywhere in ten thousand years: nearly none of ours.
_IN_THIS_CENTURY = st.dates(date(2001, 1, 1), date(2098, 12, 31)).map(str)
schemathesis.openapi.format("date", _IN_THIS_CENTURY)
schemathesis.openapi.format(
    "date-time", st.tuples(_IN_THIS_CENTURY, st.times().map(_in_utc)).map("T".join)
)

CHECKS: dict[str, Any] = {
    # 422 too: what a field may hold is in the document and is checked below (`_undocumented`);
    # how fields go together ("one of the two", the end after the beginning) can't be.
    "positive_data_acceptance": {
        "expected-statuses": ["2xx", "3xx", "401", "403", "404", "409", "422", "429"]
    },
    # It can't send its probes to an app in the same process (schemathesis 4.32). A caller without
    # a token and one with a made-up token stand for it: `_let_in`.
    "ignored_auth": {"enabled": False},
}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sends the requests, and the ids of rows that exist, so that they reach more than 404.

    `welcome`: False for who must be let in nowhere but where a token is not needed.
    """

    token: str | None
    ids: dict[str, str]
    welcome: bool = True


@dataclass(slots=True)
class Tried:
    """What came of it. A fault is a sentence and a curl line."""

    cases: int = 0
    faults: list[str] = field(default_factory=list)


def try_document(
    app: Flask,
    outer: Connection,
    caller: Caller,
    *,
    seed: int,
    examples: int,
    boundaries: bool,
    operations: Iterable[str] | None = None,
) -> Tried:
    """Try the operations of the document; what a request does is taken back, so that none depends
    on another and the caller keeps their session, their role and their rows.

    Args:
        examples: of drawn requests for each operation, at most.
        boundaries: try every bound of every parameter and field, too, and methods that are not
            there.
        operations: their labels ("GET /api/v1/me"); all unless given.
    """

    def taking_back(environ: Any, start_response: Any) -> Any:
        with app.app_context(), taken_back(outer):
            return app(environ, start_response)

    config = _config(caller, seed, examples, boundaries)
    whole = schemathesis.openapi.from_wsgi("/api/openapi.json", taking_back, config=config)
    document = whole.include(name=list(operations)) if operations is not None else whole

    @document.hook
    def map_path_parameters(context: Any, path_parameters: dict[str, Any]) -> dict[str, Any]:
        """Real ids in place of well-formed ones; words (a code, a scene) always."""
        for name in caller.ids.keys() & (path_parameters or {}).keys():
            if not name.endswith("_id") or _is_uuid(path_parameters[name]):
                path_parameters[name] = caller.ids[name]
        return path_parameters

    tried, incoming = Tried(), schemas_by_operation(app)
    for event in from_schema(document).execute():
        if isinstance(event, events.ScenarioFinished):
            tried.cases += len(event.recorder.interactions)
            tried.faults += _faults(event.recorder, caller, incoming)
        elif isinstance(event, events.NonFatalError | events.FatalError):
            tried.faults.append(f"schemathesis: {event}")
    return tried


def _config(caller: Caller, seed: int, examples: int, boundaries: bool) -> SchemathesisConfig:
    return SchemathesisConfig.from_dict(
        {
            "seed": seed,
            "continue-on-failure": True,
            "headers": {"Authorization": f"Bearer {caller.token}"} if caller.token else {},
            "generation": {"max-examples": examples, "database": "none", "no-shrink": True},
            "phases": {
                "examples": {"enabled": False},
                "coverage": {"enabled": boundaries},
                # Requests made from earlier answers would depend on ids that are new each time.
                "fuzzing": {
                    "operation-ordering": "none",
                    "extra-data-sources": {"responses": False},
                    "error-feedback": {"enabled": False},
                },
                # The document has no links between operations.
                "stateful": {"enabled": False},
            },
            "checks": CHECKS,
        }
    )


def _is_uuid(value: Any) -> bool:
    try:
        return bool(UUID(str(value)))
    except ValueError:
        return False


def schemas_by_operation(app: Flask) -> dict[str, ma.Schema]:
    """The schema of each operation's body, or of its query."""
    found = {}
    for rule in app.url_map.iter_rules():
        declared = getattr(app.view_functions[rule.endpoint], "declared", None)
        schema = isinstance(declared, Endpoint) and (declared.body or declared.query)
        if schema:
            path = rule.rule.replace("<uuid:", "{").replace("<", "{").replace(">", "}")
            for method in rule.methods or ():
                found[f"{method} {path}"] = schema()
    return found


def _faults(
    recorder: ScenarioRecorder, caller: Caller, incoming: dict[str, ma.Schema]
) -> Iterator[str]:
    for checks in recorder.checks.values():
        for check in checks:
            if check.status == Status.FAILURE and check.failure_info:
                failure = check.failure_info.failure
                yield f"{recorder.label}: {failure.title}. {failure.message}\n  " + str(
                    check.failure_info.code_sample
                )
    for case_id, sent in recorder.interactions.items():
        if sent.response is None:
            continue
        case, status = recorder.cases[case_id].value, sent.response.status_code
        for what in (
            *_undocumented(case, status, incoming),
            *_let_in(case, status, caller),
        ):
            yield f"{recorder.label}: {what}\n  {case.as_curl_command()}"


def _undocumented(case: Case[Any], status: int, incoming: dict[str, ma.Schema]) -> Iterator[str]:
    """Fields refused for their own value, though the document allows it."""
    if status != 422 or case.meta is None or not case.meta.generation.mode.is_positive:
        return
    schema = incoming.get(case.operation.label)
    given = case.query if case.method == "GET" else case.body
    if schema is not None and isinstance(given, dict):
        yield from _refused(schema, given)


def _refused(schema: ma.Schema, given: dict[str, Any]) -> Iterator[str]:
    for known in schema.fields.values():
        name = known.data_key or known.name
        if name not in given or isinstance(known, BirthYear):  # its bound moves with the year
            continue
        yield from _refused_value(known, name, given[name])


def _refused_value(known: ma.fields.Field[Any], name: str, value: Any) -> Iterator[str]:
    match known:
        case fields.Part() if isinstance(value, dict):
            yield from _refused(known.schema, value)
        case fields.Items() if isinstance(value, list):
            for item in value:
                yield from _refused_value(known.inner, name, item)
        case _:
            try:
                known.deserialize(value)
            except ma.ValidationError as error:
                yield f"the document allows {name} to be {value!r}: {error.messages}"


def _let_in(case: Case[Any], status: int, caller: Caller) -> Iterator[str]:
    """Whoever has no valid token is let in nowhere but at public operations."""
    public = case.operation.definition.raw["x-access"] == "public"
    probe = case.method != case.operation.method.upper()  # OPTIONS tells anybody the methods
    allowed = probe or caller.welcome or (public and caller.token is None)
    if status < 400 and not allowed:
        yield f"let in without a valid token ({status})"
