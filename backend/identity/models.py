"""Users and residents.

A `User` is an account: openid, sessions, roles. A `Resident` is a person who is served: one with
an account, a family member whom an account acts for (代办), or a guest whom a volunteer wrote in.
Bookings, attendances and ratings belong to residents, so that grandma counts as herself.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.core import clock
from backend.core.db import Base
from backend.core.ids import new_id
from backend.core.permissions import Role
from backend.identity.names import NAME_KEY


class UserState(StrEnum):
    ACTIVE = "active"
    BLOCKED = "blocked"
    CLOSED = "closed"


class User(Base):
    __tablename__ = "user_account"  # "user" is a reserved word

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    # None once the account is closed: nothing of WeChat's is kept then. None, too, where there was
    # never a WeChat (PasswordAccount).
    openid: Mapped[str | None] = mapped_column(unique=True)
    unionid: Mapped[str | None]
    state: Mapped[UserState] = mapped_column(default=UserState.ACTIVE)
    elder_mode: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    closed_at: Mapped[datetime | None]


class LoginSession(Base):
    """A bearer token, stored hashed; ends 30 days after its last use, or when it is revoked."""

    __tablename__ = "login_session"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"), index=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    last_used_at: Mapped[datetime] = mapped_column(default=clock.now)
    revoked_at: Mapped[datetime | None]
    # From where and with what it was begun, in words; None of those from before it was noted.
    address: Mapped[str | None]
    device: Mapped[str | None]


class ConsoleSession(Base):
    """A browser's login to the console; ends after 30 idle minutes, or when it is revoked."""

    __tablename__ = "console_session"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"), index=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    last_used_at: Mapped[datetime] = mapped_column(default=clock.now)
    revoked_at: Mapped[datetime | None]
    # From where and with what it was begun, in words; None of those from before it was noted.
    address: Mapped[str | None]
    device: Mapped[str | None]
    # "scan", "password", "demo".
    how: Mapped[str | None]


class ConsoleLogin(Base):
    """A browser that waits to be let in: its code is drawn as a QR, scanned and confirmed in the
    mini-program. Only the browser that asked can use what was confirmed."""

    __tablename__ = "console_login"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    code_hash: Mapped[bytes] = mapped_column(unique=True)
    browser_hash: Mapped[bytes] = mapped_column(unique=True)
    browser: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime]
    confirmed_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    confirmed_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]


class PasswordAccount(Base):
    """A user name with password and one-time codes, for those who log in without WeChat; made on
    the command line."""

    __tablename__ = "password_account"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    username: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str]
    totp_secret_encrypted: Mapped[bytes]
    # The 30-second step of the last code that was used: none works twice.
    last_totp_step: Mapped[int] = mapped_column(default=0)
    # The lock of before limits.py: nothing reads them; a later release drops them, when no process
    # of the older one is left that does.
    failures: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class RoleAssignment(Base):
    """A role with its scope: a region or an organisation. Taken back, never deleted."""

    __tablename__ = "role_assignment"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))
    role: Mapped[Role]
    region_id: Mapped[UUID | None] = mapped_column(ForeignKey("region.id"), index=True)
    organisation_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    granted_at: Mapped[datetime] = mapped_column(default=clock.now)
    revoked_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("num_nonnulls(region_id, organisation_id) = 1", name="one_scope"),
        Index(
            "uq_role_assignment_active",
            "user_id",
            "role",
            text("coalesce(region_id, organisation_id)"),
            unique=True,
            postgresql_where=text("revoked_at IS NULL"),
        ),
    )


class PhoneState(StrEnum):
    """How far a phone number is proven. A typed one proves nothing."""

    NONE = "none"
    TYPED = "typed"
    VERIFIED = "verified"  # by WeChat
    CONFIRMED = "confirmed"  # by a volunteer, face to face


class Resident(Base):
    """A person. At most one of `user_id` (their own account) and `guardian_user_id` (the account
    that acts for them) is set; a guest has neither."""

    __tablename__ = "resident"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"), unique=True)
    guardian_user_id: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"), index=True)
    name: Mapped[str | None]
    relation: Mapped[str | None]
    birth_year: Mapped[int | None]
    note: Mapped[str | None]
    region_id: Mapped[UUID | None] = mapped_column(ForeignKey("region.id"))
    phone_encrypted: Mapped[bytes | None]
    phone_hash: Mapped[bytes | None] = mapped_column(index=True)
    phone_tail_hash: Mapped[bytes | None] = mapped_column(index=True)
    phone_state: Mapped[PhoneState] = mapped_column(default=PhoneState.NONE)
    special_needs_encrypted: Mapped[bytes | None]
    # What personal codes carry in place of the id; a new one revokes every code shown before.
    code_handle: Mapped[UUID] = mapped_column(unique=True, default=new_id)
    # Of guests with a phone: the same person written in twice, by two volunteers at once, is
    # one row (a keyed hash of phone and name).
    guest_key: Mapped[bytes | None] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    removed_at: Mapped[datetime | None]
    merged_into_id: Mapped[UUID | None] = mapped_column(ForeignKey("resident.id"))

    __table_args__ = (
        CheckConstraint("num_nonnulls(user_id, guardian_user_id) <= 1", name="one_account"),
        Index("ix_resident_name_key", text(NAME_KEY)),
    )


class Consent(Base):
    """A consent to one version of one purpose, with its time, and its withdrawal (PIPL 14–16)."""

    __tablename__ = "consent"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))
    purpose: Mapped[str]
    version: Mapped[str]
    given_at: Mapped[datetime] = mapped_column(default=clock.now)
    withdrawn_at: Mapped[datetime | None]

    __table_args__ = (
        Index(
            "uq_consent_active",
            "user_id",
            "purpose",
            unique=True,
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
    )
