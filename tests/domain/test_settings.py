"""Settings fail at the start, naming each variable, and never at the first market."""

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import FrozenInstanceError, fields

import pytest
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import make_url

from backend.settings import STAND_IN_APPID, STAND_IN_SECRET, Settings, SettingsError

KEY = base64.urlsafe_b64encode(b"k" * 32).decode()
OTHER_KEY = base64.urlsafe_b64encode(b"o" * 32).decode()
PRODUCTION = {
    "APP_ENV": "production",
    "DATABASE_URL": "postgresql://app@db.internal/wushe",
    "PHONE_ENCRYPTION_KEY": KEY,
    "PHONE_HASH_KEY": base64.urlsafe_b64encode(b"h" * 16).decode(),
    "CODE_SIGNING_KEY": KEY,
    "WECHAT_APPID": "wx0123456789abcdef",
    "WECHAT_SECRET": "a-real-secret",
    "WECHAT_LINK_PREFIX": "https://markets.example.cn/q/",
    "ALLOWED_HOSTS": "wushe.example.cn",
}
_OF_PRODUCTION = ("WECHAT_", "ALLOWED_")
TRIAL = {k: v for k, v in PRODUCTION.items() if not k.startswith(_OF_PRODUCTION)} | {
    "APP_ENV": "development"
}
ALL_VARIABLES = {
    *PRODUCTION, "WECHAT_API_BASE", "WECHAT_ENV_VERSION", "WECHAT_PAGE", "WECHAT_LINK_FILE",
    "WECHAT_PUSH_TOKEN", "WECHAT_PUSH_AES_KEY", "WECHAT_TEMPLATES", "DIGEST_WEBHOOK_WECOM",
    "DIGEST_WEBHOOK_DINGTALK", "DIGEST_DINGTALK_SECRET",
    "DATABASE_DIRECT_URL", "DATABASE_POOL", "WEB_THREADS", "WEB_CONCURRENCY", "WEB_KEEPALIVE",
    "METRICS_TOKEN",
    "BIND", "PORT", "TRUSTED_PROXIES", "STATEMENT_TIMEOUT_MS", "LOG_LEVEL", "LIMITS_TIMES",
}  # fmt: skip
Load = Callable[[Mapping[str, str | None]], Settings]


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Load:
    """The settings of an environment that holds these variables and none other of ours."""

    def load_from(variables: Mapping[str, str | None]) -> Settings:
        for name in ALL_VARIABLES:
            monkeypatch.delenv(name, raising=False)
        for name, value in variables.items():
            if value is not None:
                monkeypatch.setenv(name, value)
        return Settings.from_env()

    return load_from


def faults(load: Load, base: dict[str, str], **changes: str | None) -> set[str]:
    """The names of the variables that a refusal to start complains of."""
    with pytest.raises(SettingsError) as refusal:
        load(base | changes)
    assert "\n" not in str(refusal.value)
    return set(re.findall(r"[A-Z_]{3,}", str(refusal.value))) & ALL_VARIABLES


def test_a_whole_environment_is_read(load: Load) -> None:
    settings = load(
        PRODUCTION
        | {
            "PHONE_ENCRYPTION_KEY": f"{KEY},{OTHER_KEY}",
            "WECHAT_API_BASE": "https://proxy.example.cn/",
            "WECHAT_ENV_VERSION": "trial",
            "WECHAT_PAGE": "pages/scan/index",
            "DATABASE_POOL": "9",
            "STATEMENT_TIMEOUT_MS": "1500",
            "LOG_LEVEL": "WARNING",
            "ALLOWED_HOSTS": "wushe.example.cn WWW.wushe.example.cn:8443",
            "TRUSTED_PROXIES": "172.30.0.0/24 10.0.0.7 unix",
            "BIND": "0.0.0.0",
            "PORT": "8080",
            "WEB_CONCURRENCY": "6",
            "WEB_THREADS": "5",
            "WEB_KEEPALIVE": "3",
        }
    )
    assert settings.phone_encryption_keys == (KEY, OTHER_KEY)
    assert settings.phone_hash_key == b"h" * 16
    assert settings.code_signing_key == b"k" * 32
    assert settings.wechat_api_base == "https://proxy.example.cn"
    assert (settings.wechat_env_version, settings.wechat_page) == ("trial", "pages/scan/index")
    assert (settings.database_pool, settings.statement_timeout_ms) == (9, 1500)
    assert settings.log_level == "WARNING"
    assert settings.allowed_hosts == ("wushe.example.cn", "www.wushe.example.cn:8443")
    assert settings.trusted_proxies == ("172.30.0.0/24", "10.0.0.7", "unix")
    assert (settings.bind, settings.port) == ("0.0.0.0", 8080)
    assert (settings.web_concurrency, settings.web_threads, settings.web_keepalive) == (6, 5, 3)
    assert settings.sqlalchemy_url == "postgresql+psycopg://app@db.internal/wushe"


def test_threads_and_connections_are_set_apart(load: Load) -> None:
    """Who waits for WeChat holds a thread and no connection (docs/adr/0016)."""
    threads = load(PRODUCTION | {"WEB_THREADS": "24"})
    assert (threads.web_threads, threads.database_pool) == (24, load(PRODUCTION).database_pool)


@pytest.mark.parametrize(
    "name",
    ["WEB_CONCURRENCY", "WEB_THREADS", "WEB_KEEPALIVE", "BIND", "PORT", "DATABASE_POOL",
     "STATEMENT_TIMEOUT_MS", "TRUSTED_PROXIES"],
)  # fmt: skip
def test_what_is_set_to_nothing_has_its_default(load: Load, name: str) -> None:
    """As a line that somebody has left empty in .env."""
    assert load(PRODUCTION | {name: ""}) == load(PRODUCTION)


def test_settings_cannot_be_changed_after_the_start(load: Load) -> None:
    settings = load(PRODUCTION)
    for item in fields(settings):
        with pytest.raises(FrozenInstanceError):
            setattr(settings, item.name, None)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", None), ("DATABASE_URL", ""),
        ("PHONE_ENCRYPTION_KEY", None), ("PHONE_ENCRYPTION_KEY", ""),
        ("PHONE_HASH_KEY", None), ("PHONE_HASH_KEY", ""),
        ("CODE_SIGNING_KEY", None), ("CODE_SIGNING_KEY", ""),
        ("WECHAT_APPID", None), ("WECHAT_APPID", ""),
        ("WECHAT_SECRET", None), ("WECHAT_SECRET", ""),
        ("ALLOWED_HOSTS", None), ("ALLOWED_HOSTS", ""), ("ALLOWED_HOSTS", "  "),
    ],
)  # fmt: skip
def test_a_missing_variable_is_named(load: Load, name: str, value: str | None) -> None:
    """Not set, or set to nothing, as a compose file does with a variable that it doesn't know."""
    assert faults(load, PRODUCTION, **{name: value}) == {name}


def test_every_missing_variable_is_named_at_once(load: Load) -> None:
    """Nobody should have to start four times to learn of four."""
    assert faults(load, {}) == PRODUCTION.keys() - {"APP_ENV"}
    assert faults(load, PRODUCTION, APP_ENV="", WECHAT_APPID="", WECHAT_SECRET="") == {"APP_ENV"}
    wrong = {"PHONE_HASH_KEY": "", "WECHAT_APPID": "", "WEB_THREADS": "abc", "PORT": "0"}
    assert faults(load, PRODUCTION, **wrong) == set(wrong)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("APP_ENV", "prod"),
        ("APP_ENV", "Production"),
        ("DATABASE_URL", "sqlite:///app.db"),
        ("DATABASE_DIRECT_URL", "db/app"),
        ("DATABASE_URL", "mysql://db/app"),
        ("DATABASE_URL", "postgres://db/app"),
        ("DATABASE_URL", "postgresql://"),
        ("DATABASE_URL", "postgresql://db"),
        ("DATABASE_URL", "postgresql://app:p@ss@db/app"),
        ("DATABASE_URL", "postgresql://app:p/ss@db/app"),
        ("DATABASE_URL", "postgresql://app:p%ss@db/app"),
        ("DATABASE_URL", "postgresql://app:p ss@db/app"),
        ("DATABASE_URL", "postgresql://app:p:ss@db/app"),
        ("DATABASE_URL", "postgresql://app:p#ss@db/app"),
        ("DATABASE_URL", "postgresql://app:p?ss@db/app"),
        ("DATABASE_URL", "postgresql://app@db:port/app"),
        ("DATABASE_URL", "postgresql://app@db/app?ssl_mode=require"),
        ("DATABASE_URL", '"postgresql://app@db/app"'),
        ("DATABASE_URL", "postgresql://app@db/app\r"),
        ("DATABASE_URL", "postgresql://app@db/app\npostgresql://app@db/app"),
        ("PHONE_ENCRYPTION_KEY", "short"),
        ("PHONE_ENCRYPTION_KEY", f"{KEY},"),
        ("PHONE_ENCRYPTION_KEY", f"{KEY},not-a-key"),
        ("PHONE_HASH_KEY", base64.urlsafe_b64encode(b"h" * 15).decode()),
        ("PHONE_HASH_KEY", "!"),
        ("CODE_SIGNING_KEY", base64.urlsafe_b64encode(b"k" * 31).decode()),
        ("CODE_SIGNING_KEY", base64.urlsafe_b64encode(b"k" * 33).decode()),
        ("CODE_SIGNING_KEY", "a"),
        ("CODE_SIGNING_KEY", "密钥"),
        ("WEB_THREADS", "3"),
        ("DATABASE_POOL", "many"),
        ("DATABASE_POOL", "0"),
        ("DATABASE_POOL", "-1"),
        ("STATEMENT_TIMEOUT_MS", "8s"),
        ("STATEMENT_TIMEOUT_MS", "0"),
        ("LOG_LEVEL", "LOUD"),
        ("WECHAT_APPID", '"wx0123456789abcdef"'),
        ("WECHAT_SECRET", "a-real-secret\r"),
        ("WEB_THREADS", "abc"),
        ("WEB_THREADS", "4.0"),
        ("WEB_THREADS", '"4"'),
        ("WEB_CONCURRENCY", "two"),
        ("WEB_CONCURRENCY", "0"),
        ("WEB_CONCURRENCY", "9999"),
        ("WEB_KEEPALIVE", "-1"),
        ("WEB_KEEPALIVE", "1s"),
        ("METRICS_TOKEN", "guessed"),
        ("METRICS_TOKEN", "two words of twenty four"),
        ("PORT", "http"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("BIND", "everywhere"),
        ("BIND", "0.0.0.0:8000"),
        ("BIND", "unix:web.sock"),
        ("ALLOWED_HOSTS", "https://wushe.example.cn"),
        ("ALLOWED_HOSTS", "wushe.example.cn/console"),
        ("ALLOWED_HOSTS", "*"),
        ("ALLOWED_HOSTS", "wushe.example.cn,www.wushe.example.cn"),
        ("ALLOWED_HOSTS", "武进.cn"),
        ("TRUSTED_PROXIES", "everybody"),
        ("TRUSTED_PROXIES", "172.30.0.1/24"),
        ("TRUSTED_PROXIES", "172.30.0.0/24;10.0.0.1"),
        ("WECHAT_ENV_VERSION", "beta"),
        ("WECHAT_PAGE", "/pages/checkin/checkin"),
        ("WECHAT_PAGE", "pages/checkin?x=1"),
        ("WECHAT_LINK_PREFIX", "https://markets.example.cn/"),
        ("WECHAT_LINK_PREFIX", "markets.example.cn/q/"),
        ("WECHAT_PUSH_TOKEN", "push-token"),  # the stand-in's
        ("WECHAT_PUSH_TOKEN", "推送"),
        ("WECHAT_TEMPLATES", "called"),
        ("DIGEST_WEBHOOK_WECOM", "http://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=a"),
        ("DIGEST_WEBHOOK_DINGTALK", "oapi.dingtalk.com/robot/send"),
        ("WECHAT_TEMPLATES", "called=a called=b"),
        ("WECHAT_LINK_FILE", "a1B2.txt"),
        ("WECHAT_LINK_FILE", "../a1B2.txt:c"),
        ("WECHAT_LINK_FILE", "a1B2.html:c"),
    ],
)
def test_a_wrong_variable_is_named(load: Load, name: str, value: str) -> None:
    assert faults(load, PRODUCTION, **{name: value}) == {name}


def test_a_key_of_pushes_is_whole_and_has_its_token(load: Load) -> None:
    key = {"WECHAT_PUSH_AES_KEY": "k" * 43}
    assert faults(load, PRODUCTION, WECHAT_PUSH_TOKEN="t0ken", WECHAT_PUSH_AES_KEY="k" * 42) == {
        "WECHAT_PUSH_AES_KEY"
    }
    assert "WECHAT_PUSH_TOKEN" in faults(load, PRODUCTION, **key)
    settings = load(
        PRODUCTION | key | {"WECHAT_PUSH_TOKEN": "t0ken", "WECHAT_TEMPLATES": "called=x_-9"}
    )
    assert settings.template_ids == {"called": "x_-9"}


@pytest.mark.parametrize(
    "address",
    ["postgresql://app@db/app", "postgresql+psycopg://app@db/app", "postgresql:///app?host=/run/pg",
     "postgresql://app:p%40%2F%25%3a@db.internal:5432/app?sslmode=require&target_session_attrs=any",
     "postgresql://app:密码!$&*@[2001:db8::1]:5432/app"],
)  # fmt: skip
def test_a_right_address_of_a_database_is_taken(load: Load, address: str) -> None:
    settings = load(PRODUCTION | {"DATABASE_URL": address})
    libpq = conninfo_to_dict(address.replace("+psycopg", ""))
    ours = make_url(settings.sqlalchemy_url)
    assert (ours.password, ours.database) == (libpq.get("password"), libpq["dbname"])


@pytest.mark.parametrize(
    ("bind", "listens"),
    [
        ("127.0.0.1", "127.0.0.1:8000"),
        ("::1", "[::1]:8000"),
        ("[::1]", "[::1]:8000"),
        ("unix:/run/wushe/web.sock", "unix:/run/wushe/web.sock"),
    ],
)
def test_gunicorn_listens_at_an_address_or_at_a_socket(load: Load, bind: str, listens: str) -> None:
    assert load(PRODUCTION | {"BIND": bind}).gunicorn_bind == listens


def test_no_complaint_shows_a_secret(load: Load) -> None:
    """The message goes to a log."""
    secret = base64.urlsafe_b64encode(b"secret!").decode()
    with pytest.raises(SettingsError) as refusal:
        load(PRODUCTION | {"CODE_SIGNING_KEY": secret, "PHONE_ENCRYPTION_KEY": secret})
    assert secret not in str(refusal.value)


# ---------------------------------------------------------------------------- the stand-in


def test_the_stand_in_serves_where_people_try_things(load: Load) -> None:
    for env in ("development", "test"):
        settings = load(TRIAL | {"APP_ENV": env, "WECHAT_API_BASE": "http://127.0.0.1:9000"})
        assert settings.wechat_appid == STAND_IN_APPID
        assert settings.wechat_secret == STAND_IN_SECRET
        assert settings.wechat_api_base == "http://127.0.0.1:9000"


def test_production_is_what_an_environment_without_a_name_is(load: Load) -> None:
    """Forgetting APP_ENV must not switch the stand-in on."""
    assert load(PRODUCTION | {"APP_ENV": None}).app_env == "production"
    missing = {"WECHAT_APPID", "WECHAT_SECRET", "WECHAT_LINK_PREFIX", "ALLOWED_HOSTS"}
    assert faults(load, TRIAL, APP_ENV=None) == missing


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WECHAT_APPID", None),
        ("WECHAT_APPID", ""),
        ("WECHAT_APPID", "  "),
        ("WECHAT_APPID", STAND_IN_APPID),
        ("WECHAT_SECRET", None),
        ("WECHAT_SECRET", ""),
        ("WECHAT_SECRET", "  "),
        ("WECHAT_SECRET", STAND_IN_SECRET),
        ("WECHAT_API_BASE", "http://api.weixin.qq.com"),
        ("WECHAT_API_BASE", "http://127.0.0.1:9000"),
        ("WECHAT_API_BASE", "https://127.0.0.1:9000"),
        ("WECHAT_API_BASE", "https://127.8.9.1"),
        ("WECHAT_API_BASE", "https://localhost"),
        ("WECHAT_API_BASE", "https://LOCALHOST:9000"),
        ("WECHAT_API_BASE", "https://[::1]:9000"),
        ("WECHAT_API_BASE", "https://0.0.0.0"),
        *(
            ("WECHAT_API_BASE", f"https://{host}")
            for host in (
                "127.1",
                "127.1:9000",
                "0x7f.1",
                "0x7f000001",
                "2130706433",
                "0177.0.0.1",
                "017700000001",
                "127.0.0.1.",
                "0",
                "0.0",
                "[::ffff:127.0.0.1]",
                "[::ffff:7f00:1]",
                "[::]",
                "[::127.0.0.1]",
                "[64:ff9b::7f00:1]",
                "localhost.",
                "LOCALHOST.",
                "wechat.localhost",
                "localhost.localdomain",
                "ip6-localhost",
                "１２７.0.0.1",
                "127。0。0。1",
                "api.weixin.qq.com@127.0.0.1",
                "127.0.0.1\\@api.weixin.qq.com",
                "127.0.0.1%2e",
                "api.weixin.qq.com:https",
                "api.weixin.qq.com?x=1",
                "..",
                " ",
            )
        ),
        ("WECHAT_API_BASE", "api.weixin.qq.com"),
        ("WECHAT_API_BASE", "https://"),
        ("WECHAT_API_BASE", ""),
        ("WECHAT_LINK_PREFIX", None),
        ("WECHAT_LINK_PREFIX", "http://markets.example.cn/q/"),
        ("WECHAT_LINK_PREFIX", "https://127.0.0.1/q/"),
    ],
)
def test_production_refuses_the_stand_in_in_every_way(
    load: Load, name: str, value: str | None
) -> None:
    """It logs anybody in as whoever they say they are (docs/adr/0004-one-wechat-gateway.md)."""
    assert faults(load, PRODUCTION, **{name: value}) == {name}


@pytest.mark.parametrize(
    "address",
    ["https://api.weixin.qq.com", "https://sh.api.weixin.qq.com/", "https://proxy:8443/wechat",
     "https://10.0.0.3", "https://[2001:db8::1]:443"],
)  # fmt: skip
def test_production_takes_another_machine(load: Load, address: str) -> None:
    assert load(PRODUCTION | {"WECHAT_API_BASE": address}).wechat_api_base == address.rstrip("/")
