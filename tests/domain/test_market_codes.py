"""A market's own code: printed where it stands still, shown on a screen where it rotates."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from backend.activities.codes.scenes import MarketCodes, scene_of

LINKS = "https://markets.example.cn/q/"
CODES = MarketCodes(b"0123456789abcdef0123456789abcdef", LINKS)
SCENE, OTHER_SCENE = "Ab3dEf6hIj9lMn2p", "Zb3dEf6hIj9lMn2p"
SECONDS = 30
START = datetime(2026, 5, 1, 1, 0, tzinfo=UTC)  # a multiple of the window


def at(seconds: float) -> time_machine.travel:
    return time_machine.travel(START + timedelta(seconds=seconds), tick=False)


def proves(code: str, seconds: float) -> bool:
    return CODES.proves(code, SCENE, SECONDS, START + timedelta(seconds=seconds))


def shown(seconds: float) -> str:
    with at(seconds):
        return CODES.shown(SCENE, SECONDS).code


def test_a_code_that_does_not_rotate_is_the_printed_word() -> None:
    code = CODES.shown(SCENE, None)
    assert (code.code, code.scene) == (SCENE, SCENE)
    assert code.rotates_at is code.expires_at is None
    assert CODES.proves(SCENE, SCENE, None, START)
    assert not CODES.proves(OTHER_SCENE, SCENE, None, START)
    assert not CODES.proves(SCENE + ".", SCENE, None, START)


def test_a_rotating_code_changes_with_its_window_and_says_when() -> None:
    with at(12):
        code = CODES.shown(SCENE, SECONDS)
    assert code.scene == SCENE
    assert code.rotates_at == START + timedelta(seconds=SECONDS)
    assert shown(0) == shown(29.999) == code.code
    assert shown(SECONDS) != code.code


def test_a_rotating_code_holds_for_its_window_and_the_next() -> None:
    """Who scans just as it changes is let in; a photograph sent home is worth nothing."""
    with at(10):
        assert CODES.shown(SCENE, SECONDS).expires_at == START + timedelta(seconds=2 * SECONDS)
    code = shown(10)
    assert proves(code, 10)
    assert proves(code, SECONDS)
    assert proves(code, 2 * SECONDS - 0.001)
    assert not proves(code, 2 * SECONDS)
    assert not proves(code, -0.001)


def test_a_rotating_code_says_since_when_it_was_shown() -> None:
    """In its window and the next; none of another time says anything."""
    for seconds, since in ((10, 0), (40, 0), (70, None), (-1, None)):
        found = CODES.shown_since(shown(10), SCENE, SECONDS, START + timedelta(seconds=seconds))
        assert found == (None if since is None else START)


def test_the_printed_word_alone_proves_nothing_where_the_code_rotates() -> None:
    assert not proves(SCENE, 10)
    assert not proves(SCENE + ".", 10)
    assert not proves("", 10)


def test_a_proof_belongs_to_one_scene() -> None:
    proof = shown(10).partition(".")[2]
    for code in (shown(10), f"{OTHER_SCENE}.{proof}"):
        assert not CODES.proves(code, OTHER_SCENE, SECONDS, START + timedelta(seconds=10))


def test_a_proof_belongs_to_one_deployment() -> None:
    with at(10):
        foreign = MarketCodes(b"x" * 32, LINKS).shown(SCENE, SECONDS).code
    assert scene_of(foreign) == SCENE
    assert not proves(foreign, 10)


@pytest.mark.parametrize(
    "code", ["码", "\ufffd.", "a" * 5000, ".", f"{SCENE}.码码码码码码码码码码"]
)
def test_nonsense_proves_nothing(code: str) -> None:
    assert not proves(code, 10)
    assert not CODES.proves(code, SCENE, None, START)


def test_the_scene_is_read_from_a_code_of_either_form() -> None:
    assert scene_of(SCENE) == scene_of(shown(0)) == SCENE
