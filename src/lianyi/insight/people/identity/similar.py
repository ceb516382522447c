"""How likely two people are one, by what is known of them: Fellegi and Sunter's model, estimated by Splink.

I. P. Fellegi and A. B. Sunter, "A Theory for Record Linkage", JASA 1969; Splink: Linacre et al., IJPDS 2022.
"""

from __future__ import annotations

import logging
import math
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

log = logging.getLogger(__name__)

LEAST_M = 1e-5
# An estimate by which each person has more other profiles than this on average is not believed.
MOST_SECOND_PROFILES = 2.0
# With fewer people than this there is too little to estimate from, and the shipped parameters are used.
ENOUGH_PEOPLE = 500
# Of a pair compared at random; used where nothing can be estimated: one person in fifty has a second profile.
SECOND_PROFILES = 0.02
# Pairs of less weight (in bits) before the share of true pairs is settled are dropped.
LEAST_WEIGHT = -10
# Columns whose agreement together leaves little doubt; they give a first idea of how many second profiles there are.
STRICT = (("full_name", "birthday"), ("full_name", "address"), ("full_name", "email_local"))
# Of an observed rate of chance agreement at least this part is taken to be chance.
LEAST_CLEAR = 0.05
# The share of all true pairs that STRICT is taken to find.
STRICT_RECALL = 0.6

Words = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Level:
    """One degree of agreement. m (u): how often two profiles of one person (of two people) agree to this degree.

    The shipped m and u are judgements of ours, made for typed-in profiles with a few per cent of errors each; they are
    used as they are in small workspaces and are where estimation starts in others. words: None says nothing.
    """

    m: float
    u: float
    words: Words | None = None


@dataclass(frozen=True, kw_only=True)
class Compared:
    """One thing that is compared: its columns, and its levels from full agreement to none."""

    name: str
    column: str
    levels: tuple[Level, ...]

    def said(self, gamma: int) -> Words | None:
        """The words for Splink's number of a level: 0 is no agreement, -1 that one side is unknown."""
        return self.levels[len(self.levels) - 1 - gamma].words if gamma >= 0 else None


COMPARED = (
    Compared(
        name="name",
        column="full_name",
        levels=(
            Level(m=0.72, u=0.0005, words=("same name", "姓名相同")),
            Level(m=0.02, u=0.0001, words=("first and last name swapped", "姓与名互换")),
            Level(m=0.08, u=0.0005, words=("similar name", "姓名相近")),
            Level(m=0.03, u=0.001, words=("similar name", "姓名相近")),
            Level(m=0.05, u=0.01, words=("same last name", "姓相同")),
            Level(m=0.05, u=0.01, words=("same first name", "名相同")),
            Level(m=0.05, u=0.978),
        ),
    ),
    Compared(
        name="birthday",
        column="birthday",
        levels=(
            Level(m=0.86, u=0.0001, words=("same birthday", "生日相同")),
            Level(m=0.07, u=0.003, words=("birthday differs in one digit", "生日仅一位不同")),
            Level(m=0.03, u=0.02, words=("birthday differs in two digits", "生日有两位不同")),
            Level(m=0.04, u=0.9769),
        ),
    ),
    Compared(
        name="city",
        column="city",
        levels=(
            Level(m=0.75, u=0.08, words=("same city", "城市相同")),
            Level(m=0.05, u=0.01, words=("similar city", "城市相近")),
            Level(m=0.2, u=0.91),
        ),
    ),
    Compared(
        name="postcode",
        column="postcode",
        levels=(
            Level(m=0.7, u=0.005, words=("same postcode", "邮编相同")),
            Level(m=0.08, u=0.02, words=("postcode differs in one digit", "邮编仅一位不同")),
            Level(m=0.22, u=0.975),
        ),
    ),
    Compared(
        name="address",
        column="address",
        levels=(
            Level(m=0.55, u=0.0002, words=("same address", "地址相同")),
            Level(m=0.2, u=0.002, words=("similar address", "地址相近")),
            Level(m=0.25, u=0.9978),
        ),
    ),
    Compared(
        name="email",
        column="email_local",
        levels=(
            Level(m=0.5, u=0.0005, words=("same name in the e-mail address", "邮箱名相同")),
            Level(m=0.1, u=0.003, words=("similar name in the e-mail address", "邮箱名相近")),
            Level(m=0.4, u=0.9965),
        ),
    ),
    Compared(
        name="phone",
        column="phone_tail",
        levels=(
            Level(m=0.6, u=0.0005, words=("same last four digits of the phone", "手机尾号相同")),
            Level(m=0.4, u=0.9995),
        ),
    ),
)

RESULT = pa.schema(
    [
        ("person_a", pa.string()),
        ("person_b", pa.string()),
        ("probability", pa.float64()),
        ("words_en", pa.string()),
        ("words_zh", pa.string()),
    ]
)


def similar_people(
    attributes: pa.Table, candidates: pa.Table, *, threshold: float, seed: int, memory_mb: int, threads: int
) -> pa.Table:
    """Pairs of people with a probability of `threshold` or more to be one: a table of RESULT, sorted by the two ids.

    attributes: one row = one person (person_id and the columns of COMPARED). candidates: one row = one pair to compare
    (join_key_l, join_key_r, match_key). The same input and seed give the same output, probabilities to 4 places.
    """
    usable = [compared for compared in COMPARED if pc.count(attributes[compared.column]).as_py() > 1]
    if candidates.num_rows == 0 or len(usable) < 2:
        return RESULT.empty_table()
    with tempfile.TemporaryDirectory(prefix="lianyi-splink-") as spill:
        api = _api(spill, memory_mb=memory_mb, threads=threads)
        people = api.register(attributes.rename_columns({"person_id": "unique_id"}), table_name="people")
        linker = _linker(people, usable, attributes.num_rows)
        enough = attributes.num_rows >= ENOUGH_PEOPLE
        if enough:
            model = _estimate(linker, [compared.column for compared in usable], attributes, seed=seed)
            enough = _credible(model, usable, attributes.num_rows)
            linker = _with_model(people, model) if enough else _linker(people, usable, attributes.num_rows)
        linker.table_management.register_blocked_pairs_for_predict(api.register(candidates, table_name="pairs"))
        scored = linker.inference.predict(threshold_match_weight=LEAST_WEIGHT, warning_mode="never")
        share = linker.misc.save_model_to_json()["probability_two_random_records_match"]
        shift = _shift_of_prior(scored, share=share, people=attributes.num_rows) if enough else 0.0
        found = _likely(scored, least=_log_odds(threshold) - shift)
    return _with_words(found, usable, shift=shift)


def _shift_of_prior(scored: Any, *, share: float, people: int) -> float:
    """How many bits the weight of every pair is off because the share of true pairs was only guessed, at most 5.

    Expectation-maximisation for the share alone, over the scored pairs.
    """
    counted = scored.query_sql(
        f"SELECT round(match_weight * 8) / 8 AS weight, count(*) AS pairs FROM {scored.physical_name} "
        "GROUP BY 1 ORDER BY 1"
    ).as_pyarrow_table()
    weight, pairs = counted["weight"].to_numpy(), counted["pairs"].to_numpy()
    shift, all_pairs = 0.0, people * (people - 1) / 2
    for _ in range(50):
        expected = float((pairs / (1 + np.exp2(-weight - shift))).sum()) / all_pairs
        shift = min(5.0, max(-5.0, _log_odds(min(0.5, max(1e-12, expected))) - _log_odds(share)))
    return shift


def _log_odds(probability: float) -> float:
    return math.log2(probability / (1 - probability))


def _likely(scored: Any, *, least: float) -> pa.Table:
    """The scored pairs of this weight or more."""
    name = scored.physical_name
    result: pa.Table = scored.query_sql(f"SELECT * FROM {name} WHERE match_weight >= {least}").as_pyarrow_table()
    return result


def _api(spill: str, *, memory_mb: int, threads: int) -> Any:
    from splink import DuckDBAPI

    # it warns of each level of agreement that never occurs; such levels keep their shipped parameters, which is meant
    logging.getLogger("splink").setLevel(logging.ERROR)
    api = DuckDBAPI(connection=":memory:")
    settings = {"memory_limit": f"'{memory_mb}MB'", "temp_directory": f"'{spill}'", "enable_progress_bar": "false"}
    if threads:
        settings["threads"] = str(threads)
    for name, value in settings.items():
        api.duckdb_con.execute(f"SET {name} = {value}")
    return api


def _linker(people: Any, usable: Sequence[Compared], count: int) -> Any:
    from splink import Linker, SettingsCreator

    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="unique_id",
        comparisons=[_comparison(compared) for compared in usable],
        # never run: candidates come ready made
        blocking_rules_to_generate_predictions=[],
        probability_two_random_records_match=min(0.5, 2 * SECOND_PROFILES / count),
        retain_matching_columns=True,  # the levels of agreement come with them
        max_iterations=20,
    )
    model = settings.create_settings_dict("duckdb")
    if count < ENOUGH_PEOPLE:
        # among few people each name looks frequent
        for comparison in model["comparisons"]:
            for level in comparison["comparison_levels"]:
                level.pop("tf_adjustment_column", None)
    return Linker(people, model, log_level=None)


def _with_model(people: Any, model: dict[str, Any]) -> Any:
    from splink import Linker

    return Linker(people, model, log_level=None)


def _comparison(compared: Compared) -> Any:
    import splink.comparison_library as library

    made: Mapping[str, Any] = {
        "name": lambda: library.ForenameSurnameComparison(
            "given", "family", forename_surname_concat_col_name="full_name", jaro_winkler_thresholds=[0.92, 0.88]
        ),
        "birthday": lambda: library.DamerauLevenshteinAtThresholds("birthday", [1, 2]),
        "city": lambda: library.JaroWinklerAtThresholds("city", [0.9]),
        "postcode": lambda: library.DamerauLevenshteinAtThresholds("postcode", [1]),
        "address": lambda: library.JaroWinklerAtThresholds("address", [0.88]),
        "email": lambda: library.JaroWinklerAtThresholds("email_local", [0.9]),
        "phone": lambda: library.ExactMatch("phone_tail"),
    }
    options: dict[str, Any] = {
        "m_probabilities": [level.m for level in compared.levels],
        "u_probabilities": [level.u for level in compared.levels],
    }
    if compared.name in {"city", "email"}:
        # a rare city in common says more than a frequent one; names have this built in
        options["term_frequency_adjustments"] = True
    return made[compared.name]().configure(**options)


def _estimate(linker: Any, columns: Sequence[str], attributes: pa.Table, *, seed: int) -> dict[str, Any]:
    """The model, estimated from the people themselves; what can't be estimated keeps its shipped value."""
    from splink import block_on

    training = linker.training
    strict = [pair for pair in STRICT if set(pair) <= set(columns)]
    if strict:
        training.estimate_probability_two_random_records_match(
            [block_on(*pair) for pair in strict], recall=STRICT_RECALL
        )
    training.estimate_u_using_random_sampling(max_pairs=5e5, seed=seed, min_count_per_level=None, num_chunks=1)
    for column in ("birthday", "full_name", "email_local", "address"):
        if column in columns and _agreeing_pairs(attributes[column]) >= 50:
            _learn_from(training, block_on(column), sampled=1.0 if attributes.num_rows < 200_000 else 0.1)
    model: dict[str, Any] = linker.misc.save_model_to_json()
    return _without_true_pairs(model)


def _credible(model: dict[str, Any], usable: Sequence[Compared], people: int) -> bool:
    """Whether an estimated model can be meant: nothing lost, and no more second profiles than two for each person.

    Where hardly any second profiles are among the people, the estimate finds the namesakes instead and calls a good
    part of all pairs true. Then the shipped parameters are the better guess.
    """
    share = model["probability_two_random_records_match"]
    return len(model["comparisons"]) == len(usable) and share * (people - 1) <= MOST_SECOND_PROFILES


def _learn_from(training: Any, agreement: Any, *, sampled: float) -> None:
    """One run of expectation-maximisation over pairs that agree in one column.

    Where these pairs hold no second profiles at all (namesakes only), it runs away to a share of nothing, which Splink
    refuses as a value below its least number. Then these pairs teach nothing, and what was known before stays.
    """
    try:
        training.estimate_parameters_using_expectation_maximisation(
            agreement, estimate_without_term_frequencies=True, max_pairs=1e6, record_sample_proportion=sampled
        )
    except ValueError as error:
        if "below the minimum allowed value" not in str(error):
            raise
        log.info("pairs that agree by %s teach nothing", agreement, extra={"action": "similar.degenerate"})


def _without_true_pairs(model: dict[str, Any]) -> dict[str, Any]:
    """The model with u cleared of the true pairs that are among pairs drawn at random.

    Random pairs are a mixture, observed = share * m + (1 - share) * u. Splink takes the observed rates for u, which in
    a list with many second profiles makes rare agreements look common.
    """
    share = model["probability_two_random_records_match"]
    for comparison in model["comparisons"]:
        for level in comparison["comparison_levels"]:
            if "u_probability" in level and "m_probability" in level:
                # Nearly nothing is what runs away: an agreement that no second profile shows is still possible.
                level["m_probability"] = max(level["m_probability"], LEAST_M)
                observed = level["u_probability"]
                clear = (observed - share * level["m_probability"]) / (1 - share)
                level["u_probability"] = max(clear, observed * LEAST_CLEAR)
    return model


def _agreeing_pairs(column: pa.ChunkedArray) -> int:
    counts = pc.value_counts(pc.drop_null(column)).field("counts").to_numpy()
    return int((counts * (counts - 1) // 2).sum())


def _with_words(found: pa.Table, usable: Sequence[Compared], *, shift: float) -> pa.Table:
    gammas = [name for name in found.column_names if name.startswith("gamma_")]
    rows = []
    for row in found.to_pylist():
        words = [word for compared, gamma in zip(usable, gammas, strict=True) if (word := compared.said(row[gamma]))]
        pair = sorted((row["unique_id_l"], row["unique_id_r"]))
        texts = (", ".join(word[0] for word in words), "，".join(word[1] for word in words))
        rows.append((*pair, round(1 / (1 + 2 ** -(row["match_weight"] + shift)), 4), *texts))
    columns = [list(column) for column in zip(*sorted(rows), strict=True)] if rows else [[] for _ in RESULT]
    return pa.table(columns, schema=RESULT)
