"""How well adverts and tone are read: on random splits, on splits shifted by topic, and by the shipped models.

    python -m benchmarks.listening FOLDER       # FOLDER/zh_spam, zh_reviews, sms_spam_en as in the project's data

Macro-F1. random: four fifths learned, one fifth asked. shifted: topics are ten clusters (k-means on 50 components of
TF-IDF of characters); those of one half of the clusters are learned, of the other asked, both ways. across: learned on
one set, asked on another. shipped: the models of the package, which have seen none of the Chinese sets. Peer: TF-IDF of
characters (1 to 3) with logistic regression. Rates are messages per second of processor.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import MiniBatchKMeans
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import train_test_split

from lianyi.insight.listening.cues import with_cues
from lianyi.insight.listening.grams import Grams, grams
from lianyi.insight.listening.linear import learn, shipped
from lianyi.insight.listening.reading import ADVERT, read

Truth = NDArray[np.bool_]
Places = NDArray[np.int64]
Told = Callable[[Places, Places], Truth]
MOST, CLUSTERS, SEED = 30_000, 10, 1


def sets(folder: Path) -> Iterator[tuple[str, list[str], Truth]]:
    """Name, texts, whether each is an advert (of reviews: good)."""
    for name, path in (("game adverts", "zh_spam/game_ads_train.tsv"), ("Chinese SMS", "zh_spam/sms_10k.txt"),
                       ("English SMS", "sms_spam_en/sms.tsv")):  # fmt: skip
        rows = [line.split("\t", 1) for line in (folder / path).read_text(encoding="utf-8-sig").split("\n")]
        rows = [row for row in rows if len(row) == 2 and row[0] in {"0", "1", "ham", "spam"}]
        if len(rows) > MOST:
            rows = [rows[place] for place in np.random.default_rng(SEED).permutation(len(rows))[:MOST]]
        yield name, [text for _, text in rows], np.array([label in {"1", "spam"} for label, _ in rows])
    with (folder / "zh_reviews/waimai_10k.csv").open(encoding="utf-8-sig") as file:
        reviews = list(csv.reader(file))[1:]
    yield "reviews", [row[1] for row in reviews], np.array([row[0] == "1" for row in reviews])


def ours(texts: Sequence[str], truth: Truth, *, cues: bool) -> Told:
    """Learned on the first places, told of the second."""

    def read_all(places: Places) -> Grams:
        chosen = [texts[place] for place in places]
        return with_cues(grams(chosen), chosen) if cues else grams(chosen)

    def told(known: Places, asked: Places) -> Truth:
        model = learn(read_all(known), truth[known])
        return np.asarray(model.scores(read_all(asked)) > 0)

    return told


def peer(texts: Sequence[str], truth: Truth) -> Told:
    """TF-IDF of characters and logistic regression."""

    def told(known: Places, asked: Places) -> Truth:
        words = TfidfVectorizer(analyzer="char", ngram_range=(1, 3))
        x = words.fit_transform([texts[place] for place in known])
        model = LogisticRegression(max_iter=1000).fit(x, truth[known])
        return np.asarray(model.predict(words.transform([texts[place] for place in asked])))

    return told


def macro(truth: Truth, told: Truth) -> float:
    """Macro-F1."""
    return float(f1_score(truth, told, average="macro"))


def halves(texts: Sequence[str]) -> tuple[Places, Places]:
    """Two halves that share no cluster, as even as clusters allow."""
    x = TfidfVectorizer(analyzer="char", ngram_range=(1, 2), min_df=3).fit_transform(texts)
    small = TruncatedSVD(50, random_state=SEED).fit_transform(x)
    cluster = MiniBatchKMeans(CLUSTERS, random_state=SEED, n_init=3).fit_predict(small)
    sizes = np.bincount(cluster, minlength=CLUSTERS)
    left: list[int] = []
    for one in np.argsort(-sizes):
        if sizes[left].sum() + sizes[one] <= len(texts) * 0.55:
            left.append(int(one))
    inside = np.isin(cluster, left)
    return np.flatnonzero(inside), np.flatnonzero(~inside)


def measure(name: str, texts: Sequence[str], truth: Truth) -> None:
    """Random and shifted splits, ours beside the peer."""
    cues = name != "reviews"
    both = {"ours": ours(texts, truth, cues=cues), "peer": peer(texts, truth)}
    everything = np.arange(len(texts))
    seeds = range(1, 6) if name == "reviews" else (1,)
    splits = [train_test_split(everything, test_size=0.2, random_state=seed) for seed in seeds]
    one, other = halves(texts)
    for who, told in both.items():
        found = [macro(truth[asked], told(known, asked)) for known, asked in splits]
        shifted = [macro(truth[b], told(a, b)) for a, b in ((one, other), (other, one))]
        print(
            f"{name:14} {who}: random {found[0]:.3f}"
            + (f" (mean of {len(found)}: {np.mean(found):.3f})" if len(found) > 1 else "")
            + f", shifted by topic {shifted[0]:.3f} {shifted[1]:.3f}", flush=True,
        )  # fmt: skip


def main() -> None:
    """Measure all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    found = list(sets(parser.parse_args().folder))
    for name, texts, truth in found:
        measure(name, texts, truth)
    adverts = [one for one in found if one[0] != "reviews"]
    for name, texts, truth in adverts:
        model = learn(with_cues(grams(texts), texts), truth)
        row = [f"{other} {macro(t, model.scores(with_cues(grams(x), x)) > 0):.3f}" for other, x, t in adverts
               if other != name]  # fmt: skip
        print(f"across: learned on {name}: " + ", ".join(row), flush=True)
    for name, texts, truth in adverts:
        told = read(texts).advert
        print(
            f"shipped, {name}: at one half {macro(truth, told >= 0.5):.3f}, as used {macro(truth, told >= ADVERT):.3f}"
        )
    name, texts, truth = found[-1]
    both_tones = shipped()["good"].scores(grams(texts)) > shipped()["bad"].scores(grams(texts))
    print(f"shipped, {name}: {macro(truth, both_tones):.3f}")
    many = [text for _, texts, _ in adverts for text in texts]
    began = time.process_time()
    read(many)
    print(f"{len(many):,} messages read at {len(many) / (time.process_time() - began):,.0f} a second of processor")


if __name__ == "__main__":
    main()
