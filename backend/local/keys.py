"""The keys of a system on this machine: made once, kept beside its data.

Losing them makes the phone numbers in the database unreadable, so they live and die with
VAR_DIR. Production gets its keys from its operator, never from here.
"""

import os
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from pathlib import Path


def _key_of_32_bytes() -> str:
    return urlsafe_b64encode(secrets.token_bytes(32)).decode("ascii")


_MAKERS: Mapping[str, Callable[[], str]] = {
    "PHONE_ENCRYPTION_KEY": _key_of_32_bytes,  # a Fernet key
    "PHONE_HASH_KEY": _key_of_32_bytes,
    "CODE_SIGNING_KEY": _key_of_32_bytes,  # an Ed25519 seed
}


def local_keys(path: Path) -> dict[str, str]:
    """Return the keys in the file `path`, making those that are missing.

    Args:
        path: lines NAME=value, mode 0600; replaced in one step, so a crash leaves the old one.
    """
    keys = _read(path)
    missing = [name for name in _MAKERS if name not in keys]
    if missing:
        keys |= {name: _MAKERS[name]() for name in missing}
        write_private(path, "".join(f"{name}={value}\n" for name, value in keys.items()))
    return keys


def _read(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    lines = path.read_text(encoding="ascii").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read (0600), in one step."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
