"""What logging in writes, by hand: a whole market logs in within minutes."""

from sqlalchemy import bindparam, select

from backend.core.db.statement import Statement
from backend.identity.models import User

FIND_USER = Statement.of(
    select(User.id, User.state, User.unionid)
    .where(User.openid == bindparam("openid"))
    .with_for_update(key_share=True)
)
# A user and their own resident row are made together, so whoever finds the one has the other.
MAKE_USER = Statement(
    """
    WITH made AS (
        INSERT INTO user_account (id, openid, unionid, state, elder_mode, created_at)
        VALUES (:id, :openid, :unionid, 'active', false, :now)
            ON CONFLICT (openid) DO NOTHING RETURNING id, state, unionid
    ), themselves AS (
        INSERT INTO resident (id, user_id, code_handle, created_at, phone_state)
        SELECT :resident_id, id, :code_handle, :now, 'none' FROM made
    )
    SELECT id, state, unionid FROM made
    """
)
