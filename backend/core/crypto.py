"""Secrets at rest: phone numbers encrypted, found by keyed hash, shown masked; tokens hashed."""

import hashlib
import hmac
import secrets

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

TOKEN_BYTES = 32


class PhoneVault:
    """Encrypts phone numbers and makes the keyed hashes they are found by; encrypts, too, what else
    nobody reads in the tables: secrets of one-time codes, tokens, what people need.

    Args:
        encryption_keys: Fernet keys, newest first; older ones still decrypt, so that a key can
            be changed without rewriting every row at once.
        hash_key: key of the look-up hashes. Eleven digits are few enough to try them all, so a
            hash without a key would be no protection.
    """

    def __init__(self, encryption_keys: tuple[str, ...], hash_key: bytes) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in encryption_keys])
        self._hash_key = hash_key

    def encrypt(self, text: str) -> bytes:
        return self._fernet.encrypt(text.encode())

    def decrypt(self, token: bytes) -> str:
        """The text in the clear.

        Raises ValueError when no configured key fits.
        """
        try:
            return self._fernet.decrypt(token).decode()
        except InvalidToken:
            raise ValueError("no configured key decrypts this") from None

    def lookup_hash(self, phone: str) -> bytes:
        return self._keyed(b"phone", phone)

    def tail_hash(self, phone: str) -> bytes:
        """Hash of the last four digits, for a volunteer's search by tail."""
        return self._keyed(b"tail", phone[-4:])

    def _keyed(self, purpose: bytes, text: str) -> bytes:
        return hmac.digest(self._hash_key, purpose + b":" + text.encode(), "sha256")


def mask_phone(phone: str) -> str:
    """138****1234"""
    return f"{phone[:3]}****{phone[-4:]}"


def mask_number(number: str) -> str:
    """****1234; of a short one nothing."""
    return f"****{number[-4:]}" if len(number) >= 8 else "****"


def new_token() -> str:
    """A bearer token: 256 random bits, URL-safe."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def hash_token(token: str) -> bytes:
    """What is stored of a bearer token. A plain hash will do: 256 random bits cannot be tried."""
    return hashlib.sha256(token.encode()).digest()
