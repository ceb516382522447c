"""Laws of reading a text: grams, cues, learning, words; and what the shipped models say."""

from __future__ import annotations

import csv
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lianyi.errors import BadRule
from lianyi.insight.listening.cues import CUES, with_cues
from lianyi.insight.listening.grams import BITS, READ, grams, plain
from lianyi.insight.listening.linear import WIDTH, Linear, learn, provenance, shipped
from lianyi.insight.listening.reading import ADVERT, read
from lianyi.insight.listening.words import GAP, Finder, parse_words, shipped_words
from tests.real_data import real


def test_one_form_of_each_letter_digits_as_nought_no_invisible_characters() -> None:
    assert plain("ＶＸ：１２３  Hello\u200b你") == plain("vx:999 hello 你")
    assert len(plain("长" * 5_000)) == READ + 2


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=60), max_size=20))
def test_grams_of_a_text_do_not_depend_on_its_neighbours(texts: list[str]) -> None:
    together = grams(texts)
    assert len(together) == len(texts)
    for number, text in enumerate(texts):
        alone = grams([text])
        mine = together.places[together.begin[number] : together.begin[number + 1]]
        assert mine.tolist() == alone.places.tolist()
        assert mine.tolist() == sorted(set(mine.tolist()))
        assert ((mine >= 0) & (mine < 1 << BITS)).all()


def test_a_model_learns_what_tells_two_kinds_apart_and_scores_are_sums_of_weights() -> None:
    texts = ["加微信领取返利", "天气真好出去走走", "加微信低价代购", "走走看看风景真好"] * 3
    yes = [True, False, True, False] * 3
    model = learn(grams(texts), yes, strength=1.0)
    scores = model.scores(grams(["加微信有返利", "天气好走走"]))
    assert scores[0] > 0 > scores[1]
    found = grams(texts)
    by_hand = [model.weights[found.places[found.begin[i] : found.begin[i + 1]]].sum() for i in range(len(texts))]
    assert model.scores(found) == pytest.approx(np.array(by_hand) + model.bias, abs=1e-4)
    with pytest.raises(ValueError, match="both kinds"):
        learn(found, [True] * len(texts))


def test_cues_stand_behind_the_grams_of_their_text() -> None:
    texts = ["早", "加微信 abc12345，8 折优惠 https://x.cn", ""]
    found, bare = with_cues(grams(texts), texts), grams(texts)
    for number in range(3):
        mine = found.places[found.begin[number] : found.begin[number + 1]].tolist()
        own = bare.places[bare.begin[number] : bare.begin[number + 1]].tolist()
        assert mine[: len(own)] == own
        assert all((1 << BITS) <= place < WIDTH for place in mine[len(own) :])
    assert np.diff(found.begin)[1] - np.diff(bare.begin)[1] >= 4
    assert np.diff(found.begin)[0] == np.diff(bare.begin)[0]
    assert len(CUES) < WIDTH - (1 << BITS)


def test_the_shipped_models_know_adverts_and_tone_in_both_languages_and_say_where_they_come_from() -> None:
    adverts = read(["兼职日结三百，加微信 abc88888 详聊", "WINNER! Claim your free prize now, call 09061701461"])
    assert (adverts.advert > ADVERT).all()
    plain_talk = read(["早上好", "好的，明天见", "see you at six then", "周末带孩子去公园"])
    assert (plain_talk.advert < ADVERT).all()
    assert plain_talk.tone.tolist() == [0, 0, 0, 0]
    bad, good = "质量太差了，用了两次就坏，很失望", "非常喜欢，质量很好，推荐购买"
    told = read([bad, good, "Terrible quality, very disappointed.", "Excellent product, I love it."])
    assert told.tone.tolist() == [-1, 1, -1, 1]
    assert {one["licence"] for one in provenance()["sets"]} == {"MIT", "CC BY 4.0"}
    assert read([]).tone.tolist() == []


def test_ten_thousand_hostile_texts_are_read_without_harm() -> None:
    dice = random.Random(3)
    letters = "\x00\u202e\u200d\ud800\U0001f9d1ａ中1<>&\n\u0301"
    texts = ["".join(dice.choices(letters, k=dice.randint(0, 30))) for _ in range(9_990)] + ["好" * 100_000] * 10
    reading = read(texts)
    assert len(reading.tone) == 10_000
    assert np.isfinite(reading.advert).all()
    assert ((reading.advert >= 0) & (reading.advert <= 1)).all()


def test_terms_are_found_as_whole_latin_words_and_chinese_ones_anywhere() -> None:
    finder = Finder([("ship", "a"), ("发货", "b"), ("发货快", "c"), ("no reply", "d")])
    assert finder.find("relationship, shipper") == []
    assert finder.find("they ship it; 还没发货快来, no reply") == ["a", "b", "c", "d"]
    assert finder.without("今天发货快吗") == f"今天{GAP}吗"


def test_a_brand_replaces_the_lists_that_it_names_and_mistakes_are_told() -> None:
    own = parse_words("sensitive: [{list: rivals, zh: 竞品, words: [某牌]}]", origin="x", base=shipped_words())
    assert [one.name for one in own.sensitive] == ["rivals"]
    assert own.themes == shipped_words().themes
    for text, says in (("[", "is not YAML"), ("themas: []", "themes"), ("complaint: 7", "list of texts"),
                       ("themes: [{theme: A B, words: [x]}]", "letters"), ("themes: [1]", "mapping")):  # fmt: skip
        with pytest.raises(BadRule, match=says):
            parse_words(text, origin="x")


def test_tone_of_real_reviews_is_learned_better_than_the_published_baseline() -> None:
    """The split of the index (four fifths, random state 1), on which TF-IDF of characters reaches .887."""
    from sklearn.metrics import f1_score
    from sklearn.model_selection import train_test_split

    with real("zh_reviews/waimai_10k.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.reader(file))[1:]
    texts, truth = [row[1] for row in rows], np.array([row[0] == "1" for row in rows])
    known, asked = train_test_split(np.arange(len(texts)), test_size=0.2, random_state=1)
    model: Linear = learn(grams([texts[place] for place in known]), truth[known])
    told = model.scores(grams([texts[place] for place in asked])) > 0
    assert f1_score(truth[asked], told, average="macro") >= 0.90
    assert shipped().keys() == {"advert", "good", "bad"}
