"""Settings: read once from the environment into one frozen object, which fails at the start,
naming what is missing or wrong, and not at the first market. config/.env.example lists them all.

web, worker, command line and migrations begin with `Settings.at_start()`, so that all of them
end with the same line.
"""

import base64
import os
import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any, Self
from urllib.parse import urlsplit

from environs import Env, EnvValidationError
from psycopg import Connection, connect
from psycopg import Error as PostgresError
from psycopg.conninfo import conninfo_to_dict

WECHAT_API = "https://api.weixin.qq.com"
STAND_IN_APPID = "wx-standin"
STAND_IN_SECRET = "standin-secret"  # noqa: S105 - the stand-in's, guards nothing
STAND_IN_PUSH_TOKEN = "push-token"  # noqa: S105 - likewise
STAND_IN_PUSH_AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
APP_ENVS = ("production", "development", "test")
ENV_VERSIONS = ("release", "trial", "develop")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
# As WeChat takes them where the address of pushes is registered.
_PUSH_TOKEN = re.compile(r"|[A-Za-z0-9-]{3,32}")
_PUSH_AES_KEY = re.compile(r"|[A-Za-z0-9]{43}")
_TEMPLATE = re.compile(r"[a-z_]+=[A-Za-z0-9_-]+")
# Of a group chat's robot.
_ROBOT = re.compile(r"https://[A-Za-z0-9.-]+(:[0-9]{1,5})?/[\x21-\x7e]+")
_LINK_FILE = re.compile(r"|[A-Za-z0-9_-]+\.txt:[\x21-\x7e]+")
# Of TRUSTED_PROXIES: whoever reaches our unix socket.
UNIX = "unix"

# One spelling that SQLAlchemy and libpq read alike: libpq ends a password at the first `/` that is
# not written %2F, SQLAlchemy does not.
_WORD = r"(?:[^\s@/:?#%]|%[0-9A-Fa-f]{2})+"
_POSTGRES = re.compile(
    rf"postgresql(\+psycopg)?://({_WORD}(:{_WORD})?@)?([\w.-]+|\[[0-9A-Fa-f:]+\])?(:\d{{1,5}})?"
    rf"/{_WORD}(\?[^\s#]+)?"
)
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?")
_WEB = re.compile(r"https?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?(/[\w./-]*)?", re.A)
_LOOPBACK_NAMES = ("localhost", "localdomain", "ip6-localhost", "ip6-loopback")


class SettingsError(Exception):
    """Settings that the app must not start with; the message names each of them."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All that differs between one deployment and another.

    Attributes:
        app_env: production, development or test; only the last two may use the stand-in WeChat.
        database_url: a PostgreSQL server, 15 or newer.
        database_direct_url: the same, where database_url leads to PgBouncer in transaction mode
            (docs/adr/0021); empty where it does not.
        phone_encryption_keys: Fernet keys, newest first.
        phone_hash_key: key of the look-up hashes of phone numbers, at least 16 bytes.
        code_signing_key: Ed25519 seed for personal check-in codes, 32 bytes.
        wechat_env_version: which version a code image opens: release, trial or develop.
        wechat_page: the mini-program's page that a market's code opens.
        wechat_link_prefix: 普通链接二维码: addresses that begin so open the mini-program in WeChat;
            ends with /q/, where this app answers everybody else.
        wechat_link_file: the file by which WeChat sees that the prefix is ours, as
            `name.txt:content`; empty without.
        wechat_push_token, wechat_push_aes_key: of the address of pushes; empty where WeChat sends
            none, the key alone empty where it sends them in plain.
        wechat_templates: WeChat's ids of the templates in config/messages.toml, each as
            `name=id`; of those that are missing nothing is sent.
        digest_webhook_wecom, digest_webhook_dingtalk: addresses of group robots that say each
            morning what waits; empty without.
        digest_dingtalk_secret: with which DingTalk has that signed; empty where it does not.
        database_pool: connections for each process; its threads wait for one in order.
        statement_timeout_ms: after which PostgreSQL gives up on a statement.
        allowed_hosts: the names, in small letters, under which people reach us; none allows
            every name, and is refused in production.
        trusted_proxies: networks, or `unix`, whose word on client address and scheme counts.
        bind, port, web_concurrency, web_threads, web_keepalive: gunicorn's
            (config/gunicorn.conf.py); of the threads three quarters at most are with WeChat.
        metrics_token: what monitoring has to say for /metrics; empty: there is none.
        limits_times: how many times the limits of config/rules.toml apply; more than 1 for load
            tests alone.
    """

    app_env: str
    database_url: str
    phone_encryption_keys: tuple[str, ...]
    phone_hash_key: bytes
    code_signing_key: bytes
    wechat_appid: str
    wechat_secret: str
    wechat_api_base: str = WECHAT_API
    wechat_env_version: str = "release"
    wechat_page: str = "pages/checkin/checkin"
    wechat_link_prefix: str = "http://127.0.0.1:8000/q/"
    wechat_link_file: str = ""
    wechat_push_token: str = ""
    wechat_push_aes_key: str = ""
    wechat_templates: tuple[str, ...] = ()
    digest_webhook_wecom: str = ""
    digest_webhook_dingtalk: str = ""
    digest_dingtalk_secret: str = ""
    database_direct_url: str = ""
    database_pool: int = 4
    statement_timeout_ms: int = 8000
    log_level: str = "INFO"
    allowed_hosts: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    bind: str = "127.0.0.1"
    port: int = 8000
    web_concurrency: int = 2
    web_threads: int = 64
    web_keepalive: int = 0
    metrics_token: str = ""

    @classmethod
    def at_start(cls, *, direct: bool = False) -> Self:
        """The settings in the process's environment; or the end of the process, with one line.

        Args:
            direct: whether DATABASE_URL itself is to be PostgreSQL's own, as for migrations.
        """
        try:
            settings = cls.from_env()
            if direct:
                settings = replace(settings, database_direct_url="")
            settings.check_connections()
            return settings
        except SettingsError as error:
            raise SystemExit(str(error)) from None

    limits_times: int = 1

    @classmethod
    def from_env(cls) -> Self:
        """The settings in the process's environment.

        Raises SettingsError naming every variable that is missing or wrong.
        """
        env = Env(eager=False)
        app_env = env.str("APP_ENV", "production")
        trial = app_env in {"development", "test"}
        values: dict[str, Any] = {
            "app_env": app_env,
            "database_url": env.str("DATABASE_URL", ""),
            "database_direct_url": env.str("DATABASE_DIRECT_URL", ""),
            "phone_encryption_keys": tuple(env.list("PHONE_ENCRYPTION_KEY", [])),
            "phone_hash_key": _decoded(env.str("PHONE_HASH_KEY", "")),
            "code_signing_key": _decoded(env.str("CODE_SIGNING_KEY", "")),
            "wechat_appid": env.str("WECHAT_APPID", STAND_IN_APPID if trial else ""),
            "wechat_secret": env.str("WECHAT_SECRET", STAND_IN_SECRET if trial else ""),
            "wechat_api_base": env.str("WECHAT_API_BASE", WECHAT_API).rstrip("/"),
            "wechat_env_version": env.str("WECHAT_ENV_VERSION", "release"),
            "wechat_page": env.str("WECHAT_PAGE", "pages/checkin/checkin"),
            "wechat_link_prefix": env.str("WECHAT_LINK_PREFIX", _local_links() if trial else ""),
            "wechat_link_file": env.str("WECHAT_LINK_FILE", ""),
            "wechat_push_token": env.str("WECHAT_PUSH_TOKEN", STAND_IN_PUSH_TOKEN if trial else ""),
            "wechat_push_aes_key": env.str(
                "WECHAT_PUSH_AES_KEY", STAND_IN_PUSH_AES_KEY if trial else ""
            ),
            "wechat_templates": _words(env.str("WECHAT_TEMPLATES", "")),
            "digest_webhook_wecom": env.str("DIGEST_WEBHOOK_WECOM", ""),
            "digest_webhook_dingtalk": env.str("DIGEST_WEBHOOK_DINGTALK", ""),
            "digest_dingtalk_secret": env.str("DIGEST_DINGTALK_SECRET", ""),
            "database_pool": _number(env, "DATABASE_POOL", 4),
            "statement_timeout_ms": _number(env, "STATEMENT_TIMEOUT_MS", 8000),
            "log_level": env.str("LOG_LEVEL", "INFO"),
            "allowed_hosts": _words(env.str("ALLOWED_HOSTS", "").lower()),
            "trusted_proxies": _words(env.str("TRUSTED_PROXIES", "")),
            "bind": env.str("BIND", "") or "127.0.0.1",
            "port": _number(env, "PORT", 8000),
            "web_concurrency": _number(env, "WEB_CONCURRENCY", 2),
            "web_threads": _number(env, "WEB_THREADS", 64),
            "web_keepalive": _number(env, "WEB_KEEPALIVE", 0),
            "metrics_token": env.str("METRICS_TOKEN", ""),
            "limits_times": _number(env, "LIMITS_TIMES", 1),
        }
        unread: list[str] = []
        try:
            env.seal()
        except EnvValidationError as error:
            unread = [f"{name}: a whole number" for name in error.error_messages]
        settings = cls(**{name: value for name, value in values.items() if value is not None})
        settings.check(unread)
        return settings

    def check(self, wrong: Sequence[str] = ()) -> None:
        """Raise SettingsError for values that are there but can't be right; it names the
        variables, never the values, because the message goes to a log.

        Args:
            wrong: what is known to be wrong already.
        """
        wrong = [*wrong, *(why for fine, why in self._conditions() if not fine)]
        if self.app_env == "production":
            wrong += [why for fine, why in self._production_conditions() if not fine]
        if wrong:
            raise SettingsError("设置有误，没有启动 / settings: " + " | ".join(wrong))

    def check_connections(self) -> None:
        """Raise SettingsError where a pooler in transaction mode stands between us and PostgreSQL
        and the settings don't say so: time-outs would be dropped without a word, and prepared
        statements be looked for on another's connection. A database that does not answer is no
        wrong setting: it may come.
        """
        if not self.database_direct_url:
            if _asked(self.database_url, _is_pooled):
                raise SettingsError(
                    "设置有误，没有启动 / settings: DATABASE_URL leads to a pooler (PgBouncer); "
                    "web and commands may, with PostgreSQL's own address in DATABASE_DIRECT_URL; "
                    "migrations may not"
                )
            return
        if _asked(self.database_direct_url, _is_pooled):
            raise SettingsError(
                "设置有误，没有启动 / settings: DATABASE_DIRECT_URL leads to a pooler too"
            )
        if _asked(self.database_url, _has_no_timeouts):
            raise SettingsError(
                "设置有误，没有启动 / settings: behind a pooler time-outs are the role's: run "
                "migrations with APP_DATABASE_PASSWORD set, or ALTER ROLE … SET statement_timeout"
            )

    @property
    def direct(self) -> Self:
        """With PostgreSQL's own address: for the worker, which listens for new jobs."""
        url = self.database_direct_url or self.database_url
        return replace(self, database_url=url, database_direct_url="")

    def _conditions(self) -> list[tuple[bool, str]]:
        keys = self.phone_encryption_keys
        page = re.fullmatch(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*", self.wechat_page)
        return [
            (self.app_env in APP_ENVS, f"APP_ENV: {', '.join(APP_ENVS)}"),
            (
                _is_postgres(self.database_url),
                "DATABASE_URL: postgresql://user:password@host:port/name, with @ : / ? # % and "
                "spaces in it written %40 %3A %2F %3F %23 %25 %20",
            ),
            (
                not self.database_direct_url or _is_postgres(self.database_direct_url),
                "DATABASE_DIRECT_URL: postgresql://user:password@host:port/name",
            ),
            (bool(keys) and all(map(_is_fernet_key, keys)), "PHONE_ENCRYPTION_KEY: Fernet keys"),
            (len(self.phone_hash_key) >= 16, "PHONE_HASH_KEY: at least 16 bytes, base64url"),
            (len(self.code_signing_key) == 32, "CODE_SIGNING_KEY: 32 bytes, base64url"),
            (
                self.wechat_env_version in ENV_VERSIONS,
                "WECHAT_ENV_VERSION: release, trial, develop",
            ),
            (page is not None, "WECHAT_PAGE: a path without leading slash and query"),
            (_is_link_prefix(self.wechat_link_prefix), "WECHAT_LINK_PREFIX: https://…/q/"),
            (
                _LINK_FILE.fullmatch(self.wechat_link_file) is not None,
                "WECHAT_LINK_FILE: name.txt:content",
            ),
            (
                _PUSH_TOKEN.fullmatch(self.wechat_push_token) is not None,
                "WECHAT_PUSH_TOKEN: 3 to 32 letters and digits",
            ),
            (
                _PUSH_AES_KEY.fullmatch(self.wechat_push_aes_key) is not None,
                "WECHAT_PUSH_AES_KEY: 43 letters and digits",
            ),
            (
                bool(self.wechat_push_token) or not self.wechat_push_aes_key,
                "WECHAT_PUSH_TOKEN: needed where there is a WECHAT_PUSH_AES_KEY",
            ),
            (
                all(map(_TEMPLATE.fullmatch, self.wechat_templates))
                and len(self.template_ids) == len(self.wechat_templates),
                "WECHAT_TEMPLATES: name=id, each name once, separated by spaces",
            ),
            *(
                (
                    not url or _ROBOT.fullmatch(url) is not None,
                    f"{name}: https://…, the robot's address",
                )
                for name, url in (
                    ("DIGEST_WEBHOOK_WECOM", self.digest_webhook_wecom),
                    ("DIGEST_WEBHOOK_DINGTALK", self.digest_webhook_dingtalk),
                )
            ),
            (1 <= self.database_pool <= 1000, "DATABASE_POOL: 1 to 1000"),
            (
                100 <= self.statement_timeout_ms <= 600_000,
                "STATEMENT_TIMEOUT_MS: 100 to 600000",
            ),
            (self.log_level in LOG_LEVELS, f"LOG_LEVEL: {', '.join(LOG_LEVELS)}"),
            (
                all(map(_HOST.fullmatch, self.allowed_hosts)),
                "ALLOWED_HOSTS: names without https:// and path, separated by spaces",
            ),
            (
                all(map(_is_network, self.trusted_proxies)),
                "TRUSTED_PROXIES: addresses or networks like 172.30.0.0/24, separated by spaces",
            ),
            (_is_bind(self.bind), "BIND: an IP address, or unix:/path/to.sock"),
            (1 <= self.port <= 65_535, "PORT: 1 to 65535"),
            (1 <= self.web_concurrency <= 128, "WEB_CONCURRENCY: 1 to 128"),
            (4 <= self.web_threads <= 1000, "WEB_THREADS: 4 to 1000"),
            (0 <= self.web_keepalive <= 3600, "WEB_KEEPALIVE: 0 to 3600"),
            (
                not self.metrics_token
                or (len(self.metrics_token) >= 16 and _is_word(self.metrics_token)),
                "METRICS_TOKEN: 16 letters, digits, - _ . or more",
            ),
            (self.limits_times >= 1, "LIMITS_TIMES: at least 1"),
        ]

    def _production_conditions(self) -> list[tuple[bool, str]]:
        """The stand-in WeChat, which logs anybody in, can't be on by accident."""
        return [
            (
                _is_word(self.wechat_appid) and self.wechat_appid != STAND_IN_APPID,
                "WECHAT_APPID: required in production",
            ),
            (
                _is_word(self.wechat_secret) and self.wechat_secret != STAND_IN_SECRET,
                "WECHAT_SECRET: required in production",
            ),
            (
                self.wechat_push_token != STAND_IN_PUSH_TOKEN,
                "WECHAT_PUSH_TOKEN: not the stand-in's in production",
            ),
            (
                self.wechat_push_aes_key != STAND_IN_PUSH_AES_KEY,
                "WECHAT_PUSH_AES_KEY: not the stand-in's in production",
            ),
            (_is_far_and_secure(self.wechat_api_base), "WECHAT_API_BASE: https, another machine"),
            (
                _is_far_and_secure(self.wechat_link_prefix),
                "WECHAT_LINK_PREFIX: https, the domain that phones reach",
            ),
            (
                bool(self.allowed_hosts),
                "ALLOWED_HOSTS: required in production, the name that people reach us by",
            ),
            (self.limits_times == 1, "LIMITS_TIMES: 1 in production"),
        ]

    @property
    def template_ids(self) -> dict[str, str]:
        """WeChat's ids by template."""
        return dict(word.split("=", 1) for word in self.wechat_templates if "=" in word)

    @property
    def gunicorn_bind(self) -> str:
        """Where gunicorn listens."""
        if self.bind.startswith("unix:"):
            return self.bind
        address = self.bind.strip("[]")
        return f"[{address}]:{self.port}" if ":" in address else f"{address}:{self.port}"

    @property
    def sqlalchemy_url(self) -> str:
        """The database's address with the driver we use."""
        return self.database_url.replace("postgresql://", "postgresql+psycopg://", 1)


def _asked(url: str, question: Callable[[Connection[Any]], bool]) -> bool:
    """What a database answers; no where it does not."""
    try:
        with connect(url.replace("+psycopg", "", 1), connect_timeout=5) as connection:
            return question(connection)
    except PostgresError:
        return False


def _is_pooled(connection: Connection[Any]) -> bool:
    """Whether somebody else than PostgreSQL answers: its own process has another number."""
    row = connection.execute("SELECT pg_backend_pid()").fetchone()
    return row is not None and row[0] != connection.info.backend_pid


def _has_no_timeouts(connection: Connection[Any]) -> bool:
    row = connection.execute(
        "SELECT current_setting('statement_timeout'), current_setting('lock_timeout')"
    ).fetchone()
    return row is not None and "0" in row


def _decoded(text: str | None) -> bytes:
    try:
        return base64.urlsafe_b64decode(text or "")
    except ValueError:
        return b""


def _is_fernet_key(text: str) -> bool:
    return len(_decoded(text)) == 32


def _local_links() -> str:
    return f"http://127.0.0.1:{os.environ.get('PORT') or '8000'}/q/"


def _is_link_prefix(address: str) -> bool:
    return _WEB.fullmatch(address) is not None and address.endswith("/q/")


def _number(env: Env, name: str, default: int | None) -> int | None:
    """A whole number; the default where the variable is set to nothing, as compose does with one
    that stands empty in .env."""
    return env.int(name, default) if os.environ.get(name) else default


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _is_word(text: str) -> bool:
    """Whether there is something, and nothing in it that a quotation mark or a line's end from an
    .env file would be."""
    return re.fullmatch(r"[\w.-]+", text, re.ASCII) is not None


def _is_postgres(address: str) -> bool:
    if _POSTGRES.fullmatch(address) is None:
        return False
    try:
        conninfo_to_dict(address.replace("+psycopg", "", 1))
    except PostgresError:  # a parameter that libpq doesn't know
        return False
    return True


def _is_network(text: str) -> bool:
    try:
        ip_network(text)
    except ValueError:
        return text == UNIX
    return True


def _is_bind(text: str) -> bool:
    return text.startswith("unix:/") or _address(text.strip("[]")) is not None


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def _is_far_and_secure(address: str) -> bool:
    """Whether an address is https and not this machine in one of its many spellings."""
    if _WEB.fullmatch(address) is None or not address.startswith("https://"):
        return False
    host = (urlsplit(address).hostname or "").rstrip(".")
    if not host or host.split(".")[-1] in _LOOPBACK_NAMES:
        return False
    try:
        # As the resolver reads numbers: 127.1, 0x7f.1, 2130706433 and 0177.0.0.1 are addresses.
        ip: IPv4Address | IPv6Address | None = IPv4Address(socket.inet_aton(host))
    except OSError:
        ip = _address(host)
    if isinstance(ip, IPv6Address) and ip.is_reserved:  # ::/8, where IPv4 addresses hide
        return False
    return ip is None or not (ip.is_loopback or ip.is_unspecified)
