"""What people were told: their inbox over HTTP."""

from typing import Any

from tests.support.world import Person, ok


def inbox(person: Person) -> list[dict[str, Any]]:
    """What somebody was told, the oldest first; fails where it has marks of another width between
    what was put into a sentence, which tests.marks can't see."""
    notices = list(reversed(ok(person.get("/me/notices"))["items"]))
    assert [one["text"] for one in notices if set(",;()") & set(one["text"])] == []
    return notices


def kinds(person: Person) -> list[str]:
    return [notice["kind"] for notice in inbox(person)]


def last(person: Person) -> dict[str, Any]:
    return inbox(person)[-1]
