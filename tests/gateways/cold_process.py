"""A worker process with a cold token: says "ready", waits for a line, asks for a code image.

python -m tests.gateways.cold_process DATABASE_URL WECHAT_ADDRESS
"""

import sys

from sqlalchemy import create_engine

from backend.gateways.tokens import AccessTokenStore
from backend.gateways.wechat import WeChatConfig, WeChatGateway
from tests.gateways.standin import APPID, SECRET, VAULT


def main() -> None:
    engine = create_engine(sys.argv[1])
    config = WeChatConfig(APPID, SECRET, sys.argv[2], "release", "pages/scan/index")
    gateway = WeChatGateway(config, AccessTokenStore(engine, VAULT))
    print("ready", flush=True)
    sys.stdin.readline()
    print(len(gateway.code_image("a")), flush=True)
    gateway.close()
    engine.dispose()


if __name__ == "__main__":
    main()
