"""Owing, claiming and ending messages. Each statement is a move of the state table, with the state
that it leaves as its condition: of two workers the second moves nothing."""

from collections.abc import Iterable

from backend.core.db.statement import Statement
from backend.notices.messages.templates import TEMPLATES
from backend.notices.models import NoticeKind

K = NoticeKind


def _listed(kinds: Iterable[NoticeKind]) -> str:
    return ", ".join(f"'{kind}'" for kind in sorted(kinds))


_CHANGES = {kind for template in TEMPLATES.values() for kind in template.joined}
_OF_NUMBERS = {K.NUMBER_NEAR, K.CALLED, K.PASSED_OVER}
_END_NUMBERS = {K.NUMBER_OVER, K.MARKET_CANCELLED}


def overtaken(message: str) -> str:
    """The condition that what a message says holds no more, for its account was told something
    newer: another change of the activity, or what has become of the number. Whether a message was
    owed beside that does not matter: the older one would be wrong.

    Args:
        message: the name of the table, or its alias, in the statement.
    """
    return f"""
        EXISTS (
            SELECT FROM notice n
              JOIN notice newer ON newer.user_id = n.user_id AND newer.id > n.id
             WHERE n.id = {message}.id
               AND (newer.activity_id = n.activity_id
                    AND (newer.kind IN ({_listed(_CHANGES)})
                         AND n.kind IN ({_listed(_CHANGES | {K.MARKET_TOMORROW})})
                         OR newer.kind IN ({_listed(_END_NUMBERS)})
                         AND n.kind IN ({_listed(_OF_NUMBERS)}))
                    OR newer.cause_id = n.cause_id
                    AND newer.kind <> n.kind AND n.kind IN ({_listed(_OF_NUMBERS)})))
    """


# What is over or overtaken: given up before anything is sent. What somebody else holds is claimed,
# or goes with its account, just now.
GIVE_UP = Statement(
    f"""
    WITH gone AS (
        SELECT id FROM message m
         WHERE m.state = 'owed' AND (m.until <= :now OR {overtaken("m")})
           FOR UPDATE SKIP LOCKED
    )
    UPDATE message m
       SET state = 'given_up', ended_at = :now,
           reason = CASE WHEN m.until <= :now THEN 'over' ELSE 'joined' END
      FROM gone WHERE m.id = gone.id
    """
)

# Of whoever died while sending. What still holds and is worth it is owed again, once, with its
# credit: should WeChat have sent it, it will say that there is none.
SWEEP = Statement(
    """
    WITH stale AS (
        SELECT m.id, m.user_id, m.template,
               n.kind = ANY(CAST(:again AS text[])) AND m.tries < 2 AND m.until > :now AS holds
          FROM message m JOIN notice n ON n.id = m.id
         WHERE m.state = 'sending' AND m.sending_at < :silent_since
           FOR UPDATE OF m SKIP LOCKED
    ), swept AS (
        UPDATE message m
           SET state = CASE WHEN stale.holds THEN 'owed' ELSE 'unknown' END, due_at = :now,
               ended_at = CASE WHEN stale.holds THEN NULL ELSE CAST(:now AS timestamptz) END
          FROM stale WHERE m.id = stale.id
    )
    UPDATE message_credit c SET remaining = c.remaining + held.count
      FROM (SELECT user_id, template, count(*) FROM stale WHERE holds
             GROUP BY user_id, template) held
     WHERE c.user_id = held.user_id AND c.template = held.template
    """
)

_DUE = """
    m.state = 'owed' AND m.due_at <= :now AND m.until > :now AND (m.urgent OR NOT :quiet)
    AND m.template = ANY(CAST(:templates AS text[]))
    AND (m.joined_by IS NULL
         OR NOT EXISTS (SELECT FROM message other
                         WHERE other.user_id = m.user_id AND other.joined_by = m.joined_by
                           AND other.state IN ('sending', 'sent', 'unknown')
                           AND other.sending_at > :joined_since))
"""

COUNT_DUE = Statement(f"SELECT count(*) AS due FROM message m WHERE {_DUE}")

# The next one, to whoever asks first, with its credit. Only of that one it is asked whether it was
# overtaken: two thousand may be due.
CLAIM = Statement(
    f"""
    WITH next AS (
        SELECT m.id, m.user_id, m.template FROM message m WHERE {_DUE}
         ORDER BY m.due_at, m.id LIMIT 1 FOR UPDATE OF m SKIP LOCKED
    ), judged AS (
        SELECT next.*, {overtaken("next")} AS is_overtaken FROM next
    ), spent AS (
        UPDATE message_credit c SET remaining = c.remaining - 1 FROM judged j
         WHERE c.user_id = j.user_id AND c.template = j.template AND c.remaining > 0
           AND NOT j.is_overtaken
        RETURNING c.user_id
    ), credit AS (SELECT count(*) = 1 AS was_left FROM spent)
    UPDATE message m
       SET state = CASE WHEN was_left THEN 'sending' ELSE 'given_up' END,
           reason = CASE WHEN was_left THEN NULL
                         WHEN is_overtaken THEN 'joined' ELSE 'no_credit' END,
           sending_at = CASE WHEN was_left THEN CAST(:now AS timestamptz) END,
           ended_at = CASE WHEN was_left THEN NULL ELSE CAST(:now AS timestamptz) END,
           tries = m.tries + 1, errcode = NULL
      FROM judged, credit, user_account u, notice n
     WHERE m.id = judged.id AND u.id = m.user_id AND n.id = m.id
    RETURNING m.id, m.state, m.template, m.facts, m.until, m.tries, u.openid, n.kind, n.title,
              n.text, n.page
    """
)

END = Statement(
    """
    UPDATE message
       SET state = :state, ended_at = :now, errcode = :errcode, reason = :reason
     WHERE id = :id AND state = 'sending' AND tries = :tries
    RETURNING user_id, template
    """
)

# It was not sent, or may be sent again: its credit is given back.
PUT_OFF = Statement(
    """
    WITH put_off AS (
        UPDATE message SET state = 'owed', due_at = :due_at, errcode = :errcode
         WHERE id = :id AND state = 'sending' AND tries = :tries
        RETURNING user_id, template
    )
    UPDATE message_credit c SET remaining = c.remaining + 1
      FROM put_off p WHERE c.user_id = p.user_id AND c.template = p.template
    """
)

# What the phone has got, and WeChat has not told of yet.
SAID = Statement(
    """
    INSERT INTO message_credit AS c (user_id, template, remaining, unmatched)
    SELECT :user_id, template, n, n FROM jsonb_to_recordset(CAST(:said AS jsonb))
        AS s(template text, n int) ORDER BY template
    ON CONFLICT (user_id, template) DO UPDATE
       SET remaining = least(CAST(:most AS int), c.remaining
                             + greatest(0, c.unmatched + excluded.unmatched)
                             - greatest(0, c.unmatched)),
           unmatched = least(CAST(:most AS int), c.unmatched + excluded.unmatched)
    """
)

# What WeChat tells of, and the phone has or has not.
ACCEPTED = Statement(
    """
    INSERT INTO message_credit AS c (user_id, template, remaining, unmatched)
    VALUES (:user_id, :template, 1, -1)
    ON CONFLICT (user_id, template) DO UPDATE
       SET remaining = least(CAST(:most AS int),
                             c.remaining + CASE WHEN c.unmatched > 0 THEN 0 ELSE 1 END),
           unmatched = greatest(-CAST(:most AS int), c.unmatched - 1)
    """
)

NONE_LEFT = Statement(
    """
    UPDATE message_credit SET remaining = 0, unmatched = 0
     WHERE user_id = :user_id AND template = :template
    """
)

# WeChat has refused for a fault of ours, and takes no credit for that.
GIVE_BACK = Statement(
    """
    UPDATE message_credit SET remaining = remaining + 1
     WHERE user_id = :user_id AND template = :template
    """
)

TAKEN_IN = Statement(
    """
    INSERT INTO wechat_push (digest, received_at) VALUES (:digest, :now)
    ON CONFLICT DO NOTHING RETURNING digest
    """
)
