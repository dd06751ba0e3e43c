"""Settings fail at the start, naming each variable, and never at the first market."""

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import FrozenInstanceError, fields

import pytest

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
}
TRIAL = {k: v for k, v in PRODUCTION.items() if not k.startswith("WECHAT")} | {
    "APP_ENV": "development"
}
ALL_VARIABLES = {
    *PRODUCTION, "WECHAT_API_BASE", "WECHAT_ENV_VERSION", "WECHAT_PAGE", "WECHAT_LINK_FILE",
    "DATABASE_POOL", "WEB_THREADS", "STATEMENT_TIMEOUT_MS", "LOG_LEVEL",
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
        }
    )
    assert settings.phone_encryption_keys == (KEY, OTHER_KEY)
    assert settings.phone_hash_key == b"h" * 16
    assert settings.code_signing_key == b"k" * 32
    assert settings.wechat_api_base == "https://proxy.example.cn"
    assert (settings.wechat_env_version, settings.wechat_page) == ("trial", "pages/scan/index")
    assert (settings.database_pool, settings.statement_timeout_ms) == (9, 1500)
    assert settings.log_level == "WARNING"
    assert settings.sqlalchemy_url == "postgresql+psycopg://app@db.internal/wushe"


def test_each_thread_has_a_connection_unless_told_otherwise(load: Load) -> None:
    assert load(PRODUCTION).database_pool == 4
    assert load(PRODUCTION | {"WEB_THREADS": "7"}).database_pool == 7
    assert load(PRODUCTION | {"WEB_THREADS": "7", "DATABASE_POOL": "2"}).database_pool == 2


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
    ],
)  # fmt: skip
def test_a_missing_variable_is_named(load: Load, name: str, value: str | None) -> None:
    """Not set, or set to nothing, as a compose file does with a variable that it doesn't know."""
    assert faults(load, PRODUCTION, **{name: value}) == {name}


def test_every_missing_variable_is_named_at_once(load: Load) -> None:
    """Nobody should have to start four times to learn of four."""
    required = {"DATABASE_URL", "PHONE_ENCRYPTION_KEY", "PHONE_HASH_KEY", "CODE_SIGNING_KEY"}
    assert faults(load, {}) == required
    assert faults(load, PRODUCTION, APP_ENV="", WECHAT_APPID="", WECHAT_SECRET="") == {"APP_ENV"}
    wrong = {"PHONE_HASH_KEY": "", "WECHAT_APPID": "", "WECHAT_SECRET": ""}
    assert faults(load, PRODUCTION, **wrong) == set(wrong)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("APP_ENV", "prod"),
        ("APP_ENV", "Production"),
        ("DATABASE_URL", "sqlite:///app.db"),
        ("DATABASE_URL", "mysql://db/app"),
        ("DATABASE_URL", "postgres://db/app"),
        ("PHONE_ENCRYPTION_KEY", "short"),
        ("PHONE_ENCRYPTION_KEY", f"{KEY},"),
        ("PHONE_ENCRYPTION_KEY", f"{KEY},not-a-key"),
        ("PHONE_HASH_KEY", base64.urlsafe_b64encode(b"h" * 15).decode()),
        ("PHONE_HASH_KEY", "!"),
        ("CODE_SIGNING_KEY", base64.urlsafe_b64encode(b"k" * 31).decode()),
        ("CODE_SIGNING_KEY", base64.urlsafe_b64encode(b"k" * 33).decode()),
        ("CODE_SIGNING_KEY", "a"),
        ("CODE_SIGNING_KEY", "密钥"),
        ("DATABASE_POOL", "many"),
        ("DATABASE_POOL", "0"),
        ("DATABASE_POOL", "-1"),
        ("STATEMENT_TIMEOUT_MS", "8s"),
        ("STATEMENT_TIMEOUT_MS", "0"),
        ("LOG_LEVEL", "LOUD"),
        ("WECHAT_ENV_VERSION", "beta"),
        ("WECHAT_PAGE", "/pages/checkin/checkin"),
        ("WECHAT_PAGE", "pages/checkin?x=1"),
        ("WECHAT_LINK_PREFIX", "https://markets.example.cn/"),
        ("WECHAT_LINK_PREFIX", "markets.example.cn/q/"),
        ("WECHAT_LINK_FILE", "a1B2.txt"),
        ("WECHAT_LINK_FILE", "../a1B2.txt:c"),
        ("WECHAT_LINK_FILE", "a1B2.html:c"),
    ],
)
def test_a_wrong_variable_is_named(load: Load, name: str, value: str) -> None:
    assert faults(load, PRODUCTION, **{name: value}) == {name}


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
    assert faults(load, TRIAL, APP_ENV=None) == {
        "WECHAT_APPID", "WECHAT_SECRET", "WECHAT_LINK_PREFIX"
    }  # fmt: skip


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
    """It logs anybody in as whoever they say they are (api.md, Stand-in WeChat)."""
    assert faults(load, PRODUCTION, **{name: value}) == {name}
