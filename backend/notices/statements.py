"""Writing notices: one statement for however many, on the paths where people wait in line too."""

from backend.core.db.statement import Statement
from backend.identity.login import sessions

UNREAD = sessions.asking(
    "(SELECT count(*) FROM notice n WHERE n.user_id = s.user_id AND n.read_at IS NULL) AS unread"
)

# What was told already under the same word is passed over, also by a twin that tells it now.
TELL = Statement(
    """
    INSERT INTO notice (id, user_id, kind, title, text, page, activity_id, cause_id, resident_ids,
                        once, created_at)
    SELECT id, user_id, kind, title, text, page, activity_id, cause_id, resident_ids, once, :now
      FROM jsonb_to_recordset(CAST(:news AS jsonb))
        AS n(id uuid, user_id uuid, kind text, title text, text text, page text, activity_id uuid,
             cause_id uuid, resident_ids uuid[], once text)
        ON CONFLICT (user_id, once) WHERE once IS NOT NULL DO NOTHING
    RETURNING id, user_id
    """
)
