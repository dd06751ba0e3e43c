"""Who is next."""

# The order of the line (docs/rules/calling.md, Who is next): urgent, then appointments whose time
# has come, then walk-ins by arrival; an appointment that is still early comes after all of them. Of
# two who came at the same instant the smaller number.
LINE_ORDER = """
    b.urgent DESC,
    CASE WHEN b.due_at <= :now THEN 0 WHEN b.due_at IS NULL THEN 1 ELSE 2 END,
    coalesce(b.due_at, b.queued_at), b.queued_at, b.number, b.id
"""
