"""How a phone number is kept: encrypted, and found by keyed hashes of it and of its end."""

from typing import Any

from backend.core.context import composed
from backend.core.crypto import PhoneVault, mask_phone
from backend.identity.models import PhoneState, Resident


def hash_of(phone: str) -> bytes:
    """By which a number is found."""
    return composed(PhoneVault).lookup_hash(phone)


def protected_phone(phone: str, state: PhoneState) -> dict[str, Any]:
    """The columns in which a phone number is kept."""
    return {
        "phone_encrypted": composed(PhoneVault).encrypt(phone),
        "phone_hash": hash_of(phone),
        "phone_tail_hash": composed(PhoneVault).tail_hash(phone),
        "phone_state": state,
    }


def put_phone(resident: Resident, phone: str, state: PhoneState) -> None:
    """Keep a phone number as a resident's."""
    for name, value in protected_phone(phone, state).items():
        setattr(resident, name, value)


def masked_phone(resident: Resident) -> str | None:
    """138****1234, or None where no number is kept."""
    return masked(resident.phone_encrypted)


def masked(phone_encrypted: bytes | None) -> str | None:
    """As `masked_phone`, of a row's column."""
    if phone_encrypted is None:
        return None
    return mask_phone(composed(PhoneVault).decrypt(phone_encrypted))
