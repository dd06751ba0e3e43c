"""`create_app(settings)`: the one place that composes everything."""

from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any

from flask import Flask
from werkzeug.routing import Rule

from backend.activities.codes.scenes import MarketCodes
from backend.cli import init_cli
from backend.console import init_console
from backend.console.cookie import init_cookie
from backend.core.context import compose
from backend.core.crypto import PhoneVault
from backend.core.db import db, engine_options
from backend.core.feature import AuditWords, Feature
from backend.core.jobs import init_jobs
from backend.core.limits import Limits
from backend.core.monitoring.health import init_health
from backend.core.monitoring.logs import init_request_logs
from backend.core.monitoring.metrics import init_metrics
from backend.core.providers import check_answered
from backend.core.web.api import init_api
from backend.core.web.document import init_docs
from backend.core.web.front import init_front
from backend.core.web.problems import init_problems
from backend.features import FEATURES
from backend.gateways.push import PushReader
from backend.gateways.robots import robots
from backend.gateways.tokens import AccessTokenStore
from backend.gateways.wechat import WeChatConfig, WeChatGateway
from backend.identity.login.sessions import authenticate
from backend.identity.personal_codes import PersonalCodes
from backend.notices.messages.templates import template_ids
from backend.settings import Settings


class Route(Rule):
    """An address whose writing (`url_for`) is prepared when it is first written: preparing that of
    all three hundred took a twelfth of a start."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        prepared = cache(partial(super()._compile_builder, append_unknown))

        def write(route: Rule, /, **values: Any) -> tuple[str, str]:
            return prepared()(route, **values)

        return write


class App(Flask):
    """Flask without coroutines: none of our functions is one, and looking whether they are, at each
    of a request's six, was a thirtieth of a check-in."""

    url_rule_class = Route

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func


def create_app(
    settings: Settings,
    *,
    connections_checked: bool = False,
    features: Sequence[Feature] = FEATURES,
) -> Flask:
    """The application, with nothing shared between two of them.

    Args:
        settings: all that differs between deployments.
        connections_checked: ask each connection of the pool whether it is still there before it is
            used, which costs a round trip: what is not asked fails once after a restart of
            PostgreSQL.
        features: what the product consists of.
    """
    app = App(__name__, static_folder=None)
    app.config.update(
        SQLALCHEMY_DATABASE_URI=settings.sqlalchemy_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(
            pool_size=settings.database_pool,
            statement_timeout_ms=settings.statement_timeout_ms,
            pooled=bool(settings.database_direct_url),
        )
        | {"pool_pre_ping": connections_checked},
    )
    # nginx speaks TLS to the browser; `make run` on loopback has none.
    init_cookie(app, settings.code_signing_key, secure=settings.app_env == "production")
    db.init_app(app)
    # At each request's end it would close its scoped session, of which we have none (core/db).
    app.teardown_appcontext_funcs.remove(db._teardown_session)
    vault = PhoneVault(settings.phone_encryption_keys, settings.phone_hash_key)
    compose(
        app.extensions,
        settings,
        vault,
        Limits(settings.limits_times),
        PersonalCodes(settings.code_signing_key),
        MarketCodes(settings.code_signing_key, settings.wechat_link_prefix),
        _gateway(app, settings, vault),
        PushReader(settings.wechat_appid, settings.wechat_push_token, settings.wechat_push_aes_key),
        robots(
            wecom=settings.digest_webhook_wecom,
            dingtalk=settings.digest_webhook_dingtalk,
            dingtalk_secret=settings.digest_dingtalk_secret,
        ),
        template_ids(settings.template_ids, stand_in=settings.app_env != "production"),
        AuditWords.together(feature.audit for feature in features),
    )
    init_request_logs(app)
    init_front(app, proxies=settings.trusted_proxies, hosts=settings.allowed_hosts)
    api = init_api(app, authenticate)
    for feature in features:
        for blueprint in feature.api:
            api.register_blueprint(blueprint)
    init_problems(app)
    init_console(app, features)
    init_health(app)
    init_metrics(app)
    init_docs(app)
    init_jobs(app, [job for feature in features for job in feature.jobs])
    init_cli(app)
    check_answered()
    return app


def _gateway(app: Flask, settings: Settings, vault: PhoneVault) -> WeChatGateway:
    config = WeChatConfig(
        appid=settings.wechat_appid,
        secret=settings.wechat_secret,
        api_base=settings.wechat_api_base,
        env_version=settings.wechat_env_version,
        page=settings.wechat_page,
        # Three quarters of a process's threads at most are with WeChat or in line for it; the
        # others go on, and are as many as keep the connections busy (docs/adr/0016).
        max_concurrent_calls=settings.web_threads // 4,
        max_waiting_calls=settings.web_threads // 2,
    )
    with app.app_context():
        return WeChatGateway(config, AccessTokenStore(db.engine, vault))
