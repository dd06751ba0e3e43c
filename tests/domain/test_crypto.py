"""Phone numbers: encrypted at rest, found by keyed hash; tokens stored hashed."""

import hashlib

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from backend.core.crypto import TOKEN_BYTES, PhoneVault, hash_token, new_token

OLD, NEW, OTHER = (Fernet.generate_key().decode() for _ in range(3))
HASH_KEY = b"0123456789abcdef"
PHONE = "13812345678"
PHONES = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)


def vault(*keys: str, hash_key: bytes = HASH_KEY) -> PhoneVault:
    return PhoneVault(keys or (NEW,), hash_key)


@given(PHONES)
def test_what_is_encrypted_comes_back_and_shows_nothing(phone: str) -> None:
    stored = vault().encrypt(phone)
    assert vault().decrypt(stored) == phone
    assert phone.encode() not in stored


def test_one_number_is_never_encrypted_alike_twice() -> None:
    """Equal rows must not tell that two people share a number."""
    assert vault().encrypt(PHONE) != vault().encrypt(PHONE)


def test_a_key_can_be_changed_without_rewriting_rows() -> None:
    """The newest key encrypts; older ones still decrypt."""
    before = vault(OLD).encrypt(PHONE)
    changing = vault(NEW, OLD)
    assert changing.decrypt(before) == PHONE
    after = changing.encrypt(PHONE)
    assert vault(NEW).decrypt(after) == PHONE
    with pytest.raises(ValueError, match="no configured key"):
        vault(OLD).decrypt(after)


@pytest.mark.parametrize(
    "broken",
    [b"", b"not a token", vault(OTHER).encrypt(PHONE)],
    ids=["empty", "no token", "another key's"],
)
def test_what_no_key_fits_is_refused(broken: bytes) -> None:
    with pytest.raises(ValueError, match="no configured key"):
        vault(NEW, OLD).decrypt(broken)


@given(PHONES, PHONES)
def test_numbers_are_found_by_hash_and_by_tail(one: str, two: str) -> None:
    assert (vault().lookup_hash(one) == vault().lookup_hash(two)) == (one == two)
    assert (vault().tail_hash(one) == vault().tail_hash(two)) == (one[-4:] == two[-4:])


def test_a_tail_alone_finds_the_number() -> None:
    assert vault().tail_hash("5678") == vault().tail_hash(PHONE)


def test_the_hash_needs_the_key() -> None:
    """Eleven digits can all be tried: without the deployment's key a hash tells nothing."""
    other = vault(hash_key=b"fedcba9876543210")
    assert vault().lookup_hash(PHONE) != other.lookup_hash(PHONE)
    assert vault().lookup_hash(PHONE) != hashlib.sha256(PHONE.encode()).digest()


def test_the_two_hashes_of_a_number_are_not_comparable() -> None:
    """A tail's hash is not the hash of a four-digit number."""
    assert vault().lookup_hash("5678") != vault().tail_hash("5678")


def test_tokens_are_long_random_and_stored_hashed() -> None:
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert TOKEN_BYTES * 8 >= 256
    for token in tokens:
        assert hash_token(token) == hashlib.sha256(token.encode()).digest()
        assert token.encode() not in hash_token(token)
