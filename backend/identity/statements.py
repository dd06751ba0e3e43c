"""What logging in writes, by hand: a whole market logs in within minutes."""

from sqlalchemy import bindparam, select

from backend.core.db.statement import Statement
from backend.identity.models import User

FIND_USER = Statement.of(
    select(User.id, User.state, User.unionid)
    .where(User.openid == bindparam("openid"))
    .with_for_update(key_share=True)
)
MAKE_USER = Statement(
    """
    INSERT INTO user_account (id, openid, unionid, state, elder_mode, created_at)
    VALUES (:id, :openid, :unionid, 'active', false, :now)
        ON CONFLICT (openid) DO NOTHING RETURNING id, state, unionid
    """
)
MAKE_RESIDENT = Statement(
    """
    INSERT INTO resident (id, user_id, code_handle, created_at, phone_state)
    VALUES (:id, :user_id, :code_handle, :now, 'none')
        ON CONFLICT (user_id) DO NOTHING
    """
)
