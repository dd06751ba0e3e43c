"""Personal check-in codes: signed, short-lived, one spelling each
(docs/rules/check-in.md, Codes)."""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.core.config import CHECKIN
from backend.identity.personal_codes import CodeFault, PersonalCodes

SEED = b"0123456789abcdef0123456789abcdef"
NOW = datetime(2026, 5, 1, 1, 0, tzinfo=UTC)
VALID = timedelta(seconds=CHECKIN.personal_code_seconds)
SKEW = timedelta(seconds=CHECKIN.clock_skew_seconds)
CODES = PersonalCodes(SEED)
HANDLE = uuid4()
BYTES = 1 + 16 + 4 + 64


@pytest.fixture(autouse=True)
def at_nine() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def read_at(code: str, instant: datetime) -> UUID | CodeFault:
    with time_machine.travel(instant, tick=False):
        return CODES.read(code)


def signed(payload: bytes, seed: bytes = SEED) -> str:
    """A payload as the deployment (or somebody with another key) would sign it."""
    raw = payload + Ed25519PrivateKey.from_private_bytes(seed).sign(payload)
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def payload(issued: datetime = NOW, version: bytes = b"\x01") -> bytes:
    return version + HANDLE.bytes + int(issued.timestamp()).to_bytes(4, "big")


def test_a_fresh_code_names_its_resident_and_when_it_ends() -> None:
    code = CODES.issue(HANDLE)
    assert CODES.read(code.code) == HANDLE
    assert code.expires_at == NOW + VALID


def test_a_code_lives_between_60_and_120_seconds() -> None:
    assert timedelta(seconds=60) <= VALID <= timedelta(seconds=120)


def test_a_code_does_not_carry_the_handle_in_the_clear_as_text() -> None:
    assert str(HANDLE) not in CODES.issue(HANDLE).code


def test_a_code_ends_after_its_time_and_the_clocks_tolerance() -> None:
    code = CODES.issue(HANDLE).code
    assert read_at(code, NOW + VALID) == HANDLE
    assert read_at(code, NOW + VALID + SKEW) == HANDLE
    assert read_at(code, NOW + VALID + SKEW + timedelta(seconds=1)) is CodeFault.EXPIRED
    assert read_at(code, NOW + timedelta(days=365)) is CodeFault.EXPIRED


def test_a_code_from_the_future_is_none() -> None:
    """Beyond what two servers' clocks may differ, nobody of ours has issued it."""
    assert CODES.read(signed(payload(NOW + SKEW))) == HANDLE
    assert CODES.read(signed(payload(NOW + SKEW + timedelta(seconds=1)))) is CodeFault.INVALID
    assert CODES.read(signed(payload(NOW + timedelta(days=365)))) is CodeFault.INVALID


def test_another_deployments_code_is_none() -> None:
    assert CODES.read(signed(payload(), seed=b"x" * 32)) is CodeFault.INVALID
    assert PersonalCodes(b"x" * 32).read(CODES.issue(HANDLE).code) is CodeFault.INVALID


def test_a_version_we_do_not_know_is_none_though_signed() -> None:
    assert CODES.read(signed(payload(version=b"\x02"))) is CodeFault.INVALID


def test_an_altered_handle_or_time_is_none() -> None:
    """The signature covers all that is read."""
    genuine = base64.urlsafe_b64decode(CODES.issue(HANDLE).code + "==")
    for start, change in ((1, uuid4().bytes), (17, (2**32 - 1).to_bytes(4, "big"))):
        forged = genuine[:start] + change + genuine[start + len(change) :]
        text = base64.urlsafe_b64encode(forged).decode().rstrip("=")
        assert CODES.read(text) is CodeFault.INVALID


@given(st.integers(0, BYTES * 8 - 1))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_flipped_bit_makes_a_code_none(bit: int) -> None:
    raw = bytearray(base64.urlsafe_b64decode(CODES.issue(HANDLE).code + "=="))
    raw[bit // 8] ^= 1 << bit % 8
    found = CODES.read(base64.urlsafe_b64encode(bytes(raw)).decode().rstrip("="))
    assert isinstance(found, CodeFault)


@given(st.text(max_size=200) | st.binary(max_size=100).map(lambda raw: raw.decode("latin-1")))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_else_is_shown_is_no_code(text: str) -> None:
    assert CODES.read(text) is CodeFault.INVALID


def test_each_code_has_one_spelling() -> None:
    """A log can be searched for a code: no padding, no other alphabet, no spare bits."""
    code = CODES.issue(HANDLE).code
    assert len(code) % 4 == 2, "85 bytes leave four spare bits in the last character"
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    twin = code[:-1] + alphabet[alphabet.index(code[-1]) ^ 1]
    others = [twin, code + "=", code + "==", f" {code}", f"{code}\n", f"{code[:20]}!{code[20:]}"]
    standard = code.replace("-", "+").replace("_", "/")
    if standard != code:
        others.append(standard)
    for spelling in others:
        assert CODES.read(spelling) is CodeFault.INVALID, spelling


def test_the_standard_alphabet_is_another_spelling() -> None:
    """ "+" and "/" in place of "-" and "_" decode alike, but are not what we issue."""
    with_signs = next(c for _ in range(200) if {"-", "_"} & set(c := CODES.issue(uuid4()).code))
    spelled = with_signs.replace("-", "+").replace("_", "/")
    assert CODES.read(spelled) is CodeFault.INVALID
