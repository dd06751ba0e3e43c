"""`python -m backend.gateways.fake_wechat`: run the stand-in until told to stop."""

import argparse
import signal
import sys
from contextlib import suppress

from backend.gateways.fake_wechat.server import StandInServer
from backend.gateways.fake_wechat.world import PushSettings


def main() -> int:
    """Run. Prints one line with the address once it accepts connections."""
    standard = PushSettings()
    parser = argparse.ArgumentParser(
        prog="python -m backend.gateways.fake_wechat",
        description="A stand-in for WeChat's server, on loopback, for development and tests.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="an IPv4 loopback address")
    parser.add_argument("--port", type=int, default=0, help="0 (the default) for a free one")
    parser.add_argument("--appid", required=True, help="the only AppID it knows")
    parser.add_argument("--secret", required=True, help="the AppSecret that belongs to it")
    parser.add_argument("--push-token", default=standard.token, help="signs its pushes")
    parser.add_argument("--push-aes-key", default=standard.aes_key, help="43 characters")
    parser.add_argument(
        "--messages", type=int, default=0,
        help="of each template standin-… that everybody may be sent without a grant",
    )  # fmt: skip
    parser.add_argument(
        "--realistic", action="store_true",
        help="answers take 100 to 400 ms, and one in a hundred 2 s",
    )  # fmt: skip
    options = parser.parse_args()
    push = PushSettings(options.push_token, options.push_aes_key)
    try:
        server = StandInServer(
            options.host, options.port, options.appid, options.secret, push,
            realistic=options.realistic, allowed=options.messages,
        )  # fmt: skip
    except (ValueError, OSError) as error:
        parser.error(f"{options.host}:{options.port}: {error}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with server, suppress(KeyboardInterrupt):
        sys.stdout.write(f"stand-in WeChat: {server.address}\n")
        sys.stdout.flush()
        server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
