"""Similar needs: found by what their words mean, held to the labelled set beside this."""

from collections.abc import Sequence

import pytest

from backend.core.config import SIMILAR
from backend.needs.similar.meaning import (
    Wording,
    grams_of,
    likeness,
    meaning_of,
    most_alike,
    wanted_grams,
)
from tests.similar.judge import PARTS, Block, Find, Text, blocks, judged, listed

BLOCKS = blocks()
# Of the part that nothing was chosen by, what it had when it was written.
RECALL_AT_LEAST = dict.fromkeys(PARTS, 0.9) | {"blind": 0.8}


def finder(of: Sequence[Block]) -> Find:
    """As the list answers where these stand: what shares a gram with it, and of that the most
    alike."""
    texts = listed(of)
    grams = [grams_of(*text) for text in texts]

    def find(query: Text) -> list[Text]:
        asked = meaning_of(Wording(*query))
        wanted = wanted_grams(asked)
        candidates = [text for text, has in zip(texts, grams, strict=True) if has & wanted]
        alike = most_alike(asked, [meaning_of(Wording(*text)) for text in candidates])
        return [candidates[place] for place in alike]

    return find


def test_the_set_has_enough_pairs_and_none_twice() -> None:
    asked = [query for block in BLOCKS for query in block.same]
    near = [text for block in BLOCKS for text in block.near]
    assert len(asked) + len(near) >= 300
    texts = [*asked, *listed(BLOCKS)]
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("part", PARTS)
def test_the_same_need_is_found_and_few_others_with_it(part: str) -> None:
    of = blocks(PARTS[part])
    result = judged(of, finder(of))
    assert result.recall >= RECALL_AT_LEAST[part], "\n".join(result.missed)
    assert result.false_a_query <= 1


def test_a_near_miss_is_mostly_not_found_for_its_neighbour() -> None:
    find = finder(BLOCKS)
    near = [(block.stands, text) for block in BLOCKS for text in block.near]
    assert sum(text in find(stands) for stands, text in near) <= 0.1 * len(near)


def test_grams_are_of_letters_alone_and_alike_however_wide_they_were_typed() -> None:
    assert grams_of("修 ＬＥＤ-灯3盏", None) == {"修", "le", "ed", "灯", "盏"}
    assert grams_of("磨刀", "磨刀，磨刀") == {"磨", "刀", "磨刀"}
    assert grams_of("12345!", None) == set()


def test_numbers_of_models_and_houses_make_nothing_alike() -> None:
    one, other = Wording("轮椅扶手a1b2c3d4松动"), Wording("盼着d5c6b7a8有人领操")
    assert likeness(meaning_of(one), meaning_of(other)) < SIMILAR.least


def test_what_says_nothing_finds_nothing() -> None:
    find = finder(BLOCKS)
    for title in ("123456", "希望有人来帮帮我们"):
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
