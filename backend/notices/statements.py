"""Writing notices: one statement for however many, on the paths where people wait in line too."""

from backend.core.db.statement import Statement
from backend.identity.login import sessions

UNREAD = sessions.asking(
    "(SELECT count(*) FROM notice n WHERE n.user_id = s.user_id AND n.read_at IS NULL) AS unread"
)

# What was told already under the same word is passed over, also by a twin that tells it now. Beside
# what is told now a message is owed where there is a template for it and a credit: read, and not
# held, so that who tells never waits. It is spent when the message's turn comes.
TELL = Statement(
    """
    WITH news AS (
        SELECT * FROM jsonb_to_recordset(CAST(:news AS jsonb))
            AS n(id uuid, user_id uuid, kind text, title text, text text, page text,
                 activity_id uuid, cause_id uuid, resident_ids uuid[], once text, template text,
                 facts jsonb, joined_by uuid, urgent bool, due_at timestamptz, until timestamptz)
    ), told AS (
        INSERT INTO notice (id, user_id, kind, title, text, page, activity_id, cause_id,
                            resident_ids, once, created_at)
        SELECT id, user_id, kind, title, text, page, activity_id, cause_id, resident_ids, once,
               :now
          FROM news
            ON CONFLICT (user_id, once) WHERE once IS NOT NULL DO NOTHING
        RETURNING id
    )
    INSERT INTO message (id, user_id, template, facts, joined_by, urgent, state, due_at, until,
                         tries)
    SELECT n.id, n.user_id, n.template, n.facts, n.joined_by, n.urgent, 'owed', n.due_at, n.until,
           0
      FROM told JOIN news n USING (id)
      JOIN message_credit c ON c.user_id = n.user_id AND c.template = n.template
                           AND c.remaining > 0
    RETURNING due_at
    """
)
