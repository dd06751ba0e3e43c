"""A stand-in WeChat, a database for the access token, and gateways to both."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, delete

from backend.gateways.tokens import AccessTokenStore, WeChatAccessToken
from backend.gateways.wechat import WeChatConfig, WeChatGateway
from backend.local.postgres.server import PrivatePostgres
from tests.conftest import TEMPLATE
from tests.gateways.standin import APPID, SECRET, VAULT, StandIn

MakeGateway = Callable[..., WeChatGateway]


@pytest.fixture(scope="session")
def stand_in_process() -> Iterator[StandIn]:
    with StandIn() as process:
        yield process


@pytest.fixture
def stand_in(stand_in_process: StandIn) -> Iterator[StandIn]:
    stand_in_process.reset()
    yield stand_in_process
    stand_in_process.reset()


@pytest.fixture(scope="session")
def token_engine(postgres: PrivatePostgres) -> Iterator[Engine]:
    """A migrated database of our own: the store commits for real, on its own connections."""
    engine = create_engine(postgres.create_database("gateways", template=TEMPLATE))
    yield engine
    engine.dispose()


@pytest.fixture
def engine(token_engine: Engine) -> Engine:
    """A database in which no token is kept."""
    with token_engine.begin() as connection:
        connection.execute(delete(WeChatAccessToken))
    return token_engine


@pytest.fixture
def tokens(engine: Engine) -> AccessTokenStore:
    return AccessTokenStore(engine, VAULT)


@pytest.fixture
def make_gateway(stand_in: StandIn, tokens: AccessTokenStore) -> Iterator[MakeGateway]:
    """Makes gateways to the stand-in. Time-outs are far off unless a test wants to see one."""
    made: list[WeChatGateway] = []

    def make(*, breaker_clock: Callable[[], float] | None = None, **config: Any) -> WeChatGateway:
        settings = {
            "appid": APPID,
            "secret": SECRET,
            "api_base": stand_in.address,
            "env_version": "release",
            "page": "pages/scan/index",
        }
        clock = {} if breaker_clock is None else {"breaker_clock": breaker_clock}
        gateway = WeChatGateway(WeChatConfig(**(settings | config)), tokens, **clock)
        made.append(gateway)
        return gateway

    yield make
    stand_in.reset()  # let go of what still hangs
    for gateway in made:
        gateway.close()


@pytest.fixture
def gateway(make_gateway: MakeGateway) -> WeChatGateway:
    return make_gateway()
