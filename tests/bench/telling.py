"""A market with 2,000 sign-ups is cancelled: everybody is told in the request that cancels it, and
WeChat's messages go out beside it while others check in."""

import http.client
import time
from collections.abc import Iterator
from itertools import islice

import orjson
import psycopg

from backend.local.waiting import wait_until
from tests.bench.load import Job, LoadGenerator, WrongAnswerError, request
from tests.bench.seed import Ground, token_of
from tests.bench.servers import Stage

API = "/api/v1"
TOLD = 2_000
LONGEST_S = 300.0

# Whoever has signed up may be sent a message, under an openid as WeChat's are.
_REACHABLE = """
    WITH signed_up AS (
        SELECT DISTINCT booked_by AS user_id FROM booking WHERE activity_id = %(activity)s
    ), known AS (
        UPDATE user_account u SET openid = 'o' || lpad(substr(u.openid, 7), 27, '0')
          FROM signed_up s WHERE u.id = s.user_id AND u.openid LIKE 'bench-%%' RETURNING u.id
    )
    INSERT INTO message_credit (user_id, template, remaining, unmatched)
    SELECT id, 'change', 1, 0 FROM known
"""
_IN = "SELECT count(*) FROM message WHERE state = ANY(%s)"


def sign_up(generator: LoadGenerator, stage: Stage) -> None:
    """Let 2,000 people sign up for the market that is to be cancelled, who may be sent messages."""
    ground = stage.ours.ground
    payloads = list(islice(_sign_ups(ground), TOLD))
    made = generator.run(Job(stage.ours.port, payloads, LONGEST_S, (b"201",), b"confirmed"))
    if len(made.latencies) != TOLD:
        raise WrongAnswerError(f"{len(made.latencies)} sign-ups of {TOLD}")
    with psycopg.connect(ground.url) as connection:
        connection.execute(_REACHABLE, {"activity": ground.cancelled.id})


def _sign_ups(ground: Ground) -> Iterator[bytes]:
    slots = ground.cancelled.slot_ids
    for number in range(TOLD):
        body = orjson.dumps({"slot_id": slots[number % len(slots)]})
        path = f"{API}/offerings/{ground.cancelled.offering_id}/bookings"
        yield request("POST", path, token=token_of(number), body=body)


def cancel(stage: Stage) -> None:
    """Cancel it, as its organiser does."""
    connection = http.client.HTTPConnection("127.0.0.1", stage.ours.port, timeout=60)
    cancelled = stage.ours.ground.cancelled
    headers = {"Authorization": f"Bearer {cancelled.organiser}", "Content-Type": "application/json"}
    body = '{"reason": "下雨"}'.encode()
    connection.request("POST", f"{API}/activities/{cancelled.id}/cancel", body, headers)
    answer = connection.getresponse()
    if answer.status != http.HTTPStatus.OK:
        raise WrongAnswerError(answer.read().decode())
    connection.close()


def seconds_until_all_are_told(stage: Stage, began: float) -> float:
    """How long after `began` (monotonic) the last message had been sent.

    Raises WrongAnswerError where one was not.
    """
    with psycopg.connect(stage.ours.ground.url, autocommit=True) as connection:

        def count(*states: str) -> int:
            row = connection.execute(_IN, (list(states),)).fetchone()
            assert row is not None
            return int(row[0])

        wait_until(lambda: not count("owed", "sending"), timeout_s=LONGEST_S, what="all messages")
        took, sent = time.monotonic() - began, count("sent")
    if sent != TOLD:
        raise WrongAnswerError(f"{sent} messages were sent of {TOLD}")
    return took
