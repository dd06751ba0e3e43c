"""What the stand-in sends: signed, and on request encrypted, as WeChat's pushes are."""

import base64
import hashlib
import http.client
import json
import os
import secrets
import struct
from typing import Any
from urllib.parse import urlencode, urlsplit

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from backend.gateways.transport import is_loopback

_TIMEOUT_S = 5
_BLOCK_BYTES = 32


def signature(*parts: str) -> str:
    """sha1 over the sorted parts."""
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()  # noqa: S324 - WeChat's


def encrypt(plain: bytes, appid: str, aes_key: str) -> str:
    """AES-256-CBC over 16 random bytes, the length, the message and the appid, in base64.

    Args:
        aes_key: 43 characters, the base64 of 32 bytes without its `=`.
    """
    key = base64.b64decode(f"{aes_key}=")
    text = os.urandom(16) + struct.pack(">I", len(plain)) + plain + appid.encode()
    padding = _BLOCK_BYTES - len(text) % _BLOCK_BYTES
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    sealed = encryptor.update(text + bytes([padding]) * padding) + encryptor.finalize()
    return base64.b64encode(sealed).decode()


class Pusher:
    """Sends events to a URL of ours.

    Args:
        appid: whose events these are.
        token, aes_key: as entered at WeChat's console.
    """

    def __init__(self, appid: str, token: str, aes_key: str) -> None:
        self._appid = appid
        self._token = token
        self._aes_key = aes_key

    def send(
        self, target: str, event: dict[str, Any], *, mode: str, bad_signature: bool, now: float
    ) -> dict[str, Any]:
        """Send one event, and say what came back.

        Args:
            target: a URL on loopback.
            event: the message, a JSON object.
            mode: plain, aes, or verify (the GET with which WeChat tries a new URL).
            bad_signature: sign wrongly.
            now: seconds since the epoch, for the timestamp.
        """
        timestamp, nonce = str(int(now)), str(secrets.randbelow(10**10))
        spoil = "x" if bad_signature else ""
        query = {
            "signature": signature(self._token, timestamp, nonce) + spoil,
            "timestamp": timestamp,
            "nonce": nonce,
        }
        if mode == "verify":
            query["echostr"] = secrets.token_hex(8)
            return self._exchange("GET", target, query, None)
        body = json.dumps(event, ensure_ascii=False).encode()
        if mode == "aes":
            sealed = encrypt(body, self._appid, self._aes_key)
            query["encrypt_type"] = "aes"
            query["msg_signature"] = signature(self._token, timestamp, nonce, sealed) + spoil
            envelope = {"ToUserName": event.get("ToUserName", ""), "Encrypt": sealed}
            body = json.dumps(envelope).encode()
        return self._exchange("POST", target, query, body)

    def _exchange(
        self, method: str, target: str, query: dict[str, str], body: bytes | None
    ) -> dict[str, Any]:
        if not is_loopback(target):
            raise ValueError("target must be on loopback")
        parts = urlsplit(target)
        connection = http.client.HTTPConnection(
            parts.hostname or "", parts.port or 80, timeout=_TIMEOUT_S
        )
        try:
            path = f"{parts.path or '/'}?{urlencode(query)}"
            headers = {} if body is None else {"Content-Type": "application/json"}
            connection.request(method, path, body, headers)
            reply = connection.getresponse()
            text = reply.read().decode(errors="replace")
            return {"status": reply.status, "body": text, "query": query}
        except (OSError, http.client.HTTPException) as error:
            return {"status": None, "body": type(error).__name__, "query": query}
        finally:
            connection.close()
