"""Similar needs: found by what their words mean, held to the labelled set beside this."""

import pytest

from backend.needs import similar
from tests.similar.judge import Block, Text, blocks, judged, listed

BLOCKS = blocks()
TUNED, REPORTED = BLOCKS[::2], BLOCKS[1::2]
LISTED = listed(BLOCKS)
MEANINGS = [similar.meaning_of(*text) for text in LISTED]
GRAMS = [set(similar.grams_of(*text)) for text in LISTED]


def find(query: Text) -> list[Text]:
    """As the list answers: what shares a gram with it, and of that the most alike."""
    wanted = set(similar.wanted_grams(*query))
    candidates = [place for place, grams in enumerate(GRAMS) if grams & wanted]
    asked = similar.meaning_of(*query)
    alike = similar.most_alike(asked, [MEANINGS[place] for place in candidates])
    return [LISTED[candidates[place]] for place in alike]


def test_the_set_has_enough_pairs_and_none_twice() -> None:
    asked = [query for block in BLOCKS for query in block.same]
    near = [text for block in BLOCKS for text in block.near]
    assert len(asked) + len(near) >= 300
    assert len({*asked, *LISTED}) == len(asked) + len(LISTED)


@pytest.mark.parametrize("half", [TUNED, REPORTED], ids=["tuned", "reported"])
def test_the_same_need_is_found_and_few_others_with_it(half: list[Block]) -> None:
    result = judged(half, find)
    assert result.recall >= 0.9, "\n".join(result.missed)
    assert result.false_a_query <= 1


def test_a_near_miss_is_mostly_not_found_for_its_neighbour() -> None:
    near = [(block.stands, text) for block in BLOCKS for text in block.near]
    assert sum(text in find(stands) for stands, text in near) <= 0.25 * len(near)


def test_grams_are_of_letters_alone_and_alike_however_wide_they_were_typed() -> None:
    assert similar.grams_of("修 ＬＥＤ-灯3盏", None) == sorted({"修", "le", "ed", "灯", "盏"})
    assert similar.grams_of("磨刀", "磨刀，磨刀") == ["磨刀"]
    assert similar.grams_of("12345!", None) == []


def test_something_else_altogether_finds_nothing() -> None:
    for title in ("想看月全食", "火星移民", "123456", "希望有人来帮帮我们"):
        assert find((title, None)) == []


def test_a_word_that_was_heard_wrongly_counts_as_it_sounds_and_another_of_its_sound_does_not() -> (
    None
):
    assert "haircut" in similar.meaning_of("上门理法", None).named
    assert "bathing" not in similar.meaning_of("祝玉", None).named
