"""Similar needs: found by what their words mean, held to the labelled set beside this."""

import pytest

from backend.needs.similar.meaning import (
    Wording,
    grams_of,
    likeness,
    meaning_of,
    most_alike,
    wanted_grams,
)
from tests.similar.judge import PARTS, Text, blocks, judged, listed

BLOCKS = blocks()
LISTED = listed(BLOCKS)
MEANINGS = [meaning_of(Wording(*text)) for text in LISTED]
GRAMS = [grams_of(*text) for text in LISTED]


def find(query: Text) -> list[Text]:
    """As the list answers: what shares a gram with it, and of that the most alike."""
    asked = meaning_of(Wording(*query))
    wanted = wanted_grams(asked)
    candidates = [place for place, grams in enumerate(GRAMS) if grams & wanted]
    alike = most_alike(asked, [MEANINGS[place] for place in candidates])
    return [LISTED[candidates[place]] for place in alike]


def test_the_set_has_enough_pairs_and_none_twice() -> None:
    asked = [query for block in BLOCKS for query in block.same]
    near = [text for block in BLOCKS for text in block.near]
    assert len(asked) + len(near) >= 300
    assert len({*asked, *LISTED}) == len(asked) + len(LISTED)


@pytest.mark.parametrize("part", PARTS)
def test_the_same_need_is_found_and_few_others_with_it(part: str) -> None:
    result = judged(blocks(PARTS[part]), find)
    assert result.recall >= 0.9, "\n".join(result.missed)
    assert result.false_a_query <= 1


def test_a_near_miss_is_mostly_not_found_for_its_neighbour() -> None:
    near = [(block.stands, text) for block in BLOCKS for text in block.near]
    assert sum(text in find(stands) for stands, text in near) <= 0.1 * len(near)


def test_grams_are_of_letters_alone_and_alike_however_wide_they_were_typed() -> None:
    assert grams_of("修 ＬＥＤ-灯3盏", None) == {"修", "l", "e", "d", "le", "ed", "灯", "盏"}
    assert grams_of("磨刀", "磨刀，磨刀") == {"磨", "刀", "磨刀"}
    assert grams_of("12345!", None) == set()


def test_something_else_altogether_finds_nothing() -> None:
    for title in ("想看月全食", "123456", "希望有人来帮帮我们"):
        assert find((title, None)) == []


def test_a_word_that_was_heard_wrongly_counts_as_it_sounds_and_another_of_its_sound_does_not() -> (
    None
):
    assert "haircut" in meaning_of(Wording("上门理法")).named
    assert "bathing" not in meaning_of(Wording("祝玉")).named


def test_the_kind_that_was_chosen_says_what_the_words_leave_out() -> None:
    need = meaning_of(Wording("想请师傅上门理发"))
    without, chosen = (meaning_of(Wording("一直没出门", None, kind)) for kind in (None, "haircut"))
    assert likeness(chosen, need) > likeness(without, need)
