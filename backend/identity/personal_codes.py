"""Personal check-in codes: what a resident's phone shows and a volunteer's phone scans.

A code is signed with Ed25519, so that a phone without a network can judge it with the public
key alone, and short-lived (config/rules.toml), so that a photograph of it is worth little. It
carries an opaque handle and no row id; giving the resident a new handle revokes every code.

    version (1 byte) · handle (16) · issued at (4, seconds) · signature (64)  → base64url
"""

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from backend.core import clock
from backend.core.config import CHECKIN

_VERSION = b"\x01"
_SIGNED_BYTES = 1 + 16 + 4
_BYTES = _SIGNED_BYTES + 64


class CodeFault(StrEnum):
    INVALID = "invalid"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class PersonalCode:
    code: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SignedCode:
    """A code that we have issued: for whom, and when."""

    handle: UUID
    issued_at: datetime

    def fault(self, at: datetime) -> CodeFault | None:
        """What is wrong with it at an instant; None while it is good."""
        skew = timedelta(seconds=CHECKIN.clock_skew_seconds)
        if self.issued_at > at + skew:
            return CodeFault.INVALID
        if at > self.issued_at + timedelta(seconds=CHECKIN.personal_code_seconds) + skew:
            return CodeFault.EXPIRED
        return None


class PersonalCodes:
    """Issues and reads codes.

    Args:
        seed: the Ed25519 private key's 32 bytes.
    """

    def __init__(self, seed: bytes) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self._public = self._private.public_key()

    def issue(self, handle: UUID) -> PersonalCode:
        """A code for the resident with this handle, valid from now."""
        issued = int(clock.now().timestamp())
        signed = _VERSION + handle.bytes + issued.to_bytes(4, "big")
        code = base64.urlsafe_b64encode(signed + self._private.sign(signed)).decode().rstrip("=")
        return PersonalCode(code, _instant(issued + CHECKIN.personal_code_seconds))

    def read(self, code: str) -> UUID | CodeFault:
        """The handle in a code, or what is wrong with it now."""
        signed = self.verified(code)
        if signed is None:
            return CodeFault.INVALID
        return signed.fault(clock.now()) or signed.handle

    def verified(self, code: str) -> SignedCode | None:
        """What a code of ours says, however old it is; None for any other."""
        raw = _decoded(code)
        if len(raw) != _BYTES or raw[:1] != _VERSION:
            return None
        signed, signature = raw[:_SIGNED_BYTES], raw[_SIGNED_BYTES:]
        try:
            self._public.verify(signature, signed)
        except InvalidSignature:
            return None
        return SignedCode(UUID(bytes=signed[1:17]), _instant(int.from_bytes(signed[17:], "big")))


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _decoded(code: str) -> bytes:
    # Four characters carry three bytes, and the last one's spare bits must be zero: every code
    # has one spelling, so a log of codes can be searched for it.
    try:
        raw = base64.urlsafe_b64decode(code + "=" * (-len(code) % 4))
    except (ValueError, binascii.Error):
        return b""
    spelled = base64.urlsafe_b64encode(raw).decode().rstrip("=")
    return raw if spelled == code else b""
