"""Settings: read once from the environment into one frozen object, which fails at the start,
naming what is missing, and not at the first market. config/.env.example lists them all."""

import base64
import os
import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Self
from urllib.parse import urlsplit

from environs import Env, EnvValidationError

WECHAT_API = "https://api.weixin.qq.com"
STAND_IN_APPID = "wx-standin"
STAND_IN_SECRET = "standin-secret"  # noqa: S105 - the stand-in's, guards nothing
APP_ENVS = ("production", "development", "test")
ENV_VERSIONS = ("release", "trial", "develop")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
_LINK_FILE = re.compile(r"|[A-Za-z0-9_-]+\.txt:[\x21-\x7e]+")


class SettingsError(Exception):
    """Settings that the app must not start with; the message names each of them."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All that differs between one deployment and another.

    Attributes:
        app_env: production, development or test; only the last two may use the stand-in WeChat.
        database_url: a PostgreSQL server, 15 or newer.
        phone_encryption_keys: Fernet keys, newest first.
        phone_hash_key: key of the look-up hashes of phone numbers, at least 16 bytes.
        code_signing_key: Ed25519 seed for personal check-in codes, 32 bytes.
        wechat_env_version: which version a code image opens: release, trial or develop.
        wechat_page: the mini-program's page that a market's code opens.
        wechat_link_prefix: 普通链接二维码: addresses that begin so open the mini-program in WeChat;
            ends with /q/, where this app answers everybody else.
        wechat_link_file: the file by which WeChat sees that the prefix is ours, as
            `name.txt:content`; empty without.
        database_pool: connections for each process.
        statement_timeout_ms: after which PostgreSQL gives up on a statement.
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
    database_pool: int = 4
    statement_timeout_ms: int = 8000
    log_level: str = "INFO"

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
            "database_url": env.str("DATABASE_URL"),
            "phone_encryption_keys": tuple(env.list("PHONE_ENCRYPTION_KEY") or ()),
            "phone_hash_key": _decoded(env.str("PHONE_HASH_KEY")),
            "code_signing_key": _decoded(env.str("CODE_SIGNING_KEY")),
            "wechat_appid": env.str("WECHAT_APPID", STAND_IN_APPID if trial else ""),
            "wechat_secret": env.str("WECHAT_SECRET", STAND_IN_SECRET if trial else ""),
            "wechat_api_base": env.str("WECHAT_API_BASE", WECHAT_API).rstrip("/"),
            "wechat_env_version": env.str("WECHAT_ENV_VERSION", "release"),
            "wechat_page": env.str("WECHAT_PAGE", "pages/checkin/checkin"),
            "wechat_link_prefix": env.str("WECHAT_LINK_PREFIX", _local_links() if trial else ""),
            "wechat_link_file": env.str("WECHAT_LINK_FILE", ""),
            "database_pool": env.int("DATABASE_POOL", env.int("WEB_THREADS", 4)),
            "statement_timeout_ms": env.int("STATEMENT_TIMEOUT_MS", 8000),
            "log_level": env.str("LOG_LEVEL", "INFO"),
        }
        try:
            env.seal()
        except EnvValidationError as error:
            raise SettingsError(f"settings: {error.error_messages}") from None
        settings = cls(**values)
        settings.check()
        return settings

    def check(self) -> None:
        """Raise SettingsError for values that are there but can't be right; it names the
        variables, never the values, because the message goes to a log."""
        wrong = [why for fine, why in self._conditions() if not fine]
        if self.app_env == "production":
            wrong += [why for fine, why in self._production_conditions() if not fine]
        if wrong:
            raise SettingsError("settings: " + " | ".join(wrong))

    def _conditions(self) -> list[tuple[bool, str]]:
        postgres = ("postgresql://", "postgresql+psycopg://")
        keys = self.phone_encryption_keys
        page = re.fullmatch(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*", self.wechat_page)
        return [
            (self.app_env in APP_ENVS, f"APP_ENV: {', '.join(APP_ENVS)}"),
            (self.database_url.startswith(postgres), "DATABASE_URL: a postgresql:// address"),
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
            (self.database_pool >= 1, "DATABASE_POOL: at least 1"),
            (self.statement_timeout_ms >= 100, "STATEMENT_TIMEOUT_MS: at least 100"),
            (self.log_level in LOG_LEVELS, f"LOG_LEVEL: {', '.join(LOG_LEVELS)}"),
        ]

    def _production_conditions(self) -> list[tuple[bool, str]]:
        """The stand-in WeChat, which logs anybody in, can't be on by accident."""
        appid, secret = self.wechat_appid.strip(), self.wechat_secret.strip()
        return [
            (appid not in ("", STAND_IN_APPID), "WECHAT_APPID: required in production"),
            (secret not in ("", STAND_IN_SECRET), "WECHAT_SECRET: required in production"),
            (_is_far_and_secure(self.wechat_api_base), "WECHAT_API_BASE: https, another machine"),
            (
                _is_far_and_secure(self.wechat_link_prefix),
                "WECHAT_LINK_PREFIX: https, the domain that phones reach",
            ),
        ]

    @property
    def sqlalchemy_url(self) -> str:
        """The database's address with the driver we use."""
        return self.database_url.replace("postgresql://", "postgresql+psycopg://", 1)


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
    url = urlsplit(address)
    return url.scheme in ("http", "https") and bool(url.netloc) and address.endswith("/q/")


def _is_far_and_secure(address: str) -> bool:
    url = urlsplit(address)
    if url.scheme != "https" or not url.hostname or url.hostname == "localhost":
        return False
    try:
        ip = ip_address(url.hostname)
    except ValueError:
        return True
    return not (ip.is_loopback or ip.is_unspecified)
