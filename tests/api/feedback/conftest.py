"""A stand-in WeChat that checks texts."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import Engine, delete

from backend.core.context import compose
from backend.gateways.tokens import AccessTokenStore, WeChatAccessToken
from backend.gateways.wechat import WeChatConfig, WeChatGateway
from tests.gateways.standin import APPID, SECRET, VAULT, StandIn


@pytest.fixture(scope="session")
def wechat_process() -> Iterator[StandIn]:
    with StandIn() as process:
        yield process


@pytest.fixture(scope="session")
def gateway(app_engine: Engine, wechat_process: StandIn) -> Iterator[WeChatGateway]:
    """A gateway to the stand-in; it keeps its token on connections of its own."""
    config = WeChatConfig(
        appid=APPID,
        secret=SECRET,
        api_base=wechat_process.address,
        env_version="release",
        page="pages/scan/index",
    )
    gateway = WeChatGateway(config, AccessTokenStore(app_engine, VAULT))
    yield gateway
    gateway.close()


@pytest.fixture
def wechat(
    app: Flask, app_engine: Engine, gateway: WeChatGateway, wechat_process: StandIn
) -> Iterator[StandIn]:
    """The app's gateway leads to the stand-in while a test runs; else it leads nowhere."""
    with app_engine.begin() as connection:  # those of other tests' stand-ins
        connection.execute(delete(WeChatAccessToken))
    before = app.extensions["composed"][WeChatGateway]
    compose(app.extensions, gateway)
    wechat_process.reset()
    yield wechat_process
    wechat_process.reset()
    compose(app.extensions, before)
