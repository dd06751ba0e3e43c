"""`create_app(settings)`: the one place that composes everything."""

from flask import Flask

from backend import models  # noqa: F401 - every table, before the first query
from backend.activities.codes import MarketCodes
from backend.activities.web import links as link_pages
from backend.activities.web import prints as print_pages
from backend.activities.web import routes as activities_routes
from backend.activities.web import settings as settings_pages
from backend.activities.web import stalls as stall_pages
from backend.activities.web import workbench as market_pages
from backend.audit.web import pages as audit_pages
from backend.board.web import pages as board_pages
from backend.board.web import routes as board_routes
from backend.board.web import walls as wall_pages
from backend.bookings.web import routes as bookings_routes
from backend.checkin.web import routes as checkin_routes
from backend.cli import init_cli
from backend.console import init_console
from backend.console.cookie import init_cookie
from backend.core import job_history  # noqa: F401 - a job, by being imported
from backend.core.api import init_api
from backend.core.context import compose
from backend.core.crypto import PhoneVault
from backend.core.db import db, engine_options
from backend.core.docs import init_docs
from backend.core.front import init_front
from backend.core.health import init_health
from backend.core.jobs import init_jobs
from backend.core.limits import Limits
from backend.core.logs import init_request_logs
from backend.core.metrics import init_metrics
from backend.core.pages import init_pages
from backend.core.problems import init_problems
from backend.core.providers import check_answered
from backend.dashboard.web import pages as dashboard_pages
from backend.dashboard.web import routes as dashboard_routes
from backend.demo import pages as demo_pages
from backend.feedback.web import pages as feedback_pages
from backend.feedback.web import routes as feedback_routes
from backend.gateways.tokens import AccessTokenStore
from backend.gateways.wechat import WeChatConfig, WeChatGateway
from backend.identity import console as console_login
from backend.identity import tasks as identity_tasks  # noqa: F401 - jobs, by being imported
from backend.identity.personal_codes import PersonalCodes
from backend.identity.sessions import authenticate
from backend.identity.web import pages as identity_pages
from backend.identity.web import people as people_pages
from backend.identity.web import routes as identity_routes
from backend.needs.web import pages as needs_pages
from backend.partners.web import pages as partners_pages
from backend.partners.web import routes as partners_routes
from backend.regions.web import routes as regions_routes
from backend.reports.web import pages as report_pages
from backend.schedule.web import copies, imports  # noqa: F401 - further pages, by being imported
from backend.schedule.web import pages as schedule_pages
from backend.settings import STAND_IN_APPID, Settings

BLUEPRINTS = (
    identity_routes.blp,
    activities_routes.blp,
    bookings_routes.blp,
    checkin_routes.blp,
    regions_routes.blp,
    partners_routes.blp,
    feedback_routes.blp,
    board_routes.blp,
    dashboard_routes.blp,
)
PAGES = (
    identity_pages.pages,
    dashboard_pages.pages,
    schedule_pages.pages,
    market_pages.pages,
    stall_pages.pages,
    print_pages.pages,
    link_pages.pages,
    board_pages.pages,
    wall_pages.pages,
    feedback_pages.evaluations,
    feedback_pages.rectifications,
    needs_pages.pages,
    partners_pages.pages,
    people_pages.pages,
    report_pages.pages,
    settings_pages.pages,
    audit_pages.pages,
)


def create_app(settings: Settings, *, connections_checked: bool = False) -> Flask:
    """The application, with nothing shared between two of them.

    Args:
        settings: all that differs between deployments.
        connections_checked: ask each connection of the pool whether it is still there before it is
            used, which costs a round trip: what is not asked fails once after a restart of
            PostgreSQL.
    """
    app = Flask(__name__, static_folder=None)
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
    vault = PhoneVault(settings.phone_encryption_keys, settings.phone_hash_key)
    compose(
        app.extensions,
        settings,
        vault,
        Limits(settings.limits_times),
        PersonalCodes(settings.code_signing_key),
        MarketCodes(settings.code_signing_key, settings.wechat_link_prefix),
        _gateway(app, settings, vault),
    )
    init_request_logs(app)
    init_front(app, proxies=settings.trusted_proxies, hosts=settings.allowed_hosts)
    api = init_api(app, authenticate)
    for blueprint in BLUEPRINTS:
        api.register_blueprint(blueprint)
    init_problems(app)
    init_pages(app, console_login.authenticate)
    trial = (demo_pages.pages,) if settings.wechat_appid == STAND_IN_APPID else ()
    init_console(app, (*PAGES, *trial))
    init_health(app)
    init_metrics(app)
    init_docs(app)
    init_jobs(app)
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
