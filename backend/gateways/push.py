"""What WeChat sends us: whether it comes from WeChat, and what it says. With link.py the only
importer of wechatpy."""

import hmac
from collections.abc import Mapping
from hashlib import sha1
from typing import Any

import orjson
from wechatpy.crypto import WeChatCrypto
from wechatpy.exceptions import WeChatException


class PushRefused(Exception):
    """Not signed by WeChat, or not for us; the message says what is wrong, for the log."""


class PushUnreadable(Exception):
    """WeChat's, but no JSON object: its format is chosen where the address is registered."""


class PushReader:
    """Reads pushes of one mini-program.

    Args:
        appid: whose they are.
        token: as registered with WeChat; empty where none is.
        aes_key: likewise, 43 characters; empty where pushes come in plain. A plain one's signature
            says nothing of its content, so where there is a key, none is believed.
    """

    def __init__(self, appid: str, token: str, aes_key: str) -> None:
        self._token = token
        self._crypto = WeChatCrypto(token, aes_key, appid) if aes_key else None

    @property
    def is_on(self) -> bool:
        """Whether pushes are configured."""
        return bool(self._token)

    def check(self, query: Mapping[str, str]) -> None:
        """Raises PushRefused unless the address was signed with our token."""
        given = (self._token, query.get("timestamp", ""), query.get("nonce", ""))
        signature = sha1("".join(sorted(given)).encode()).hexdigest()  # noqa: S324 - WeChat's
        if not hmac.compare_digest(signature.encode(), query.get("signature", "").encode()):
            raise PushRefused("signature")

    def read(self, query: Mapping[str, str], body: bytes) -> dict[str, Any]:
        """What a push says.

        Raises PushRefused, PushUnreadable.
        """
        self.check(query)
        message = _json_object(body)
        if self._crypto is None:
            return message
        if not isinstance(message.get("Encrypt"), str):
            raise PushRefused("in plain, though there is a key")
        try:
            opened = self._crypto.decrypt_message(
                message, query.get("msg_signature", ""), query.get("timestamp", ""),
                query.get("nonce", ""),
            )  # fmt: skip
        except (WeChatException, ValueError, IndexError) as error:
            # The latter two are the cipher's, of what was not encrypted with our key.
            raise PushRefused(type(error).__name__) from None
        return _json_object(opened.encode() if isinstance(opened, str) else opened)


def _json_object(text: bytes) -> dict[str, Any]:
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise PushUnreadable from None
    if not isinstance(message, dict):
        raise PushUnreadable
    return message
