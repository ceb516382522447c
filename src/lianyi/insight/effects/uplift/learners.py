"""Whom it helps: expected effect by person, from an experiment. Meta-learners S, T, X (Künzel et al. 2019, PNAS 116)
and DR (Kennedy 2023, Electronic Journal of Statistics 17).

Honest: every person's uplift is predicted by models that have not seen this person's outcome (cross-fitting). Where a
person's chance of treatment is known from the design it is used as it is; else it is learnt, and what comes of it is
observation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from lianyi.errors import InputError
from lianyi.insight.effects.estimates import Bools, Floats, Ints
from lianyi.insight.effects.uplift.models import Learner, Predict, folds_of, outcome_model, share_model

Kind = Literal["s", "t", "x", "dr"]


@dataclass(frozen=True, kw_only=True)
class Sample:
    """People of an experiment: outcome, arm, features (people × columns, known before the start), chance of being
    treated."""

    y: Floats
    treated: Bools
    features: Floats
    chance: Floats

    def part(self, rows: Bools) -> Sample:
        """Some of them."""
        return Sample(
            y=self.y[rows], treated=self.treated[rows], features=self.features[rows], chance=self.chance[rows]
        )


@dataclass(frozen=True, kw_only=True)
class Ways:
    """kind: see KINDS. learner: of outcomes. last: of the effect itself (x, dr); a straight line errs less where there
    is little to be found. folds: of cross-fitting. seed: of the trees."""

    kind: Kind = "dr"
    learner: Learner = "boosted"
    last: Learner = "ridge"
    folds: int = 5
    seed: int = 0


def sample(
    y: Floats, treated: Bools, features: Floats, *, chance: float | Floats | None = None, seed: int = 0
) -> Sample:
    """The people as learners want them. chance: as the design has it (one for all, or each); None: learnt."""
    if not len(y) == len(treated) == len(features) or features.ndim != 2:
        raise InputError(
            f"{len(y)} outcomes, {len(treated)} arms, features of shape {features.shape}: give one row each"
        )
    if min(int(treated.sum()), int((~treated).sum())) < 50:
        raise InputError(f"{int(treated.sum())} treated of {len(y)}: at least 50 people in each arm are needed")
    if chance is None:
        known = np.clip(share_model(features, treated, learner="ridge", seed=seed)(features), 0.02, 0.98)
    else:
        known = np.broadcast_to(np.asarray(chance, dtype=float), y.shape)
    if known.min() <= 0 or known.max() >= 1:
        raise InputError("chance of being treated must be between 0 and 1")
    return Sample(y=y, treated=treated, features=features, chance=np.asarray(known))


def fit_uplift(people: Sample, ways: Ways) -> Predict:
    """A function from features to expected uplift, learnt from all these people."""
    if ways.kind not in KINDS:
        raise InputError(f"kind: {ways.kind!r} is none of {', '.join(KINDS)}")
    return KINDS[ways.kind](people, ways)


def cross_fitted(people: Sample, ways: Ways, *, dice: np.random.Generator) -> Floats:
    """Uplift by person, each predicted by a model that has not seen the person."""
    part = folds_of(people.treated, ways.folds, dice)
    if ways.kind == "dr":
        return _doubly_robust_apart(people, ways, part)
    found = np.empty(len(people.y))
    for number in range(ways.folds):
        out = part == number
        found[out] = fit_uplift(people.part(~out), ways)(people.features[out])
    return found


def _single(people: Sample, ways: Ways) -> Predict:
    arm = people.treated.astype(float)[:, None]
    both = np.hstack([people.features, arm])
    if ways.learner == "ridge":  # a straight line needs the products to say more than one number for all
        both = np.hstack([both, people.features * arm])
    model = outcome_model(both, people.y, learner=ways.learner, seed=ways.seed)

    def predict(features: Floats) -> Floats:
        one, none = np.ones((len(features), 1)), np.zeros((len(features), 1))
        if ways.learner == "ridge":
            return model(np.hstack([features, one, features])) - model(np.hstack([features, none, 0 * features]))
        return model(np.hstack([features, one])) - model(np.hstack([features, none]))

    return predict


def _arms(people: Sample, ways: Ways) -> tuple[Predict, Predict]:
    made = []
    for arm in (True, False):
        rows = people.treated == arm
        made.append(outcome_model(people.features[rows], people.y[rows], learner=ways.learner, seed=ways.seed))
    return made[0], made[1]


def _two(people: Sample, ways: Ways) -> Predict:
    treated, control = _arms(people, ways)
    return lambda features: treated(features) - control(features)


def _crossed(people: Sample, ways: Ways) -> Predict:
    treated, control = _arms(people, ways)
    one, other = people.part(people.treated), people.part(~people.treated)
    of_one = outcome_model(one.features, one.y - control(one.features), learner=ways.last, seed=ways.seed)
    of_other = outcome_model(other.features, treated(other.features) - other.y, learner=ways.last, seed=ways.seed)
    share = float(people.chance.mean())
    return lambda features: share * of_other(features) + (1 - share) * of_one(features)


def _doubly_robust(people: Sample, ways: Ways) -> Predict:
    score = pseudo_outcomes(people, ways)
    return outcome_model(people.features, score, learner=ways.last, seed=ways.seed)


def _doubly_robust_apart(people: Sample, ways: Ways, part: Ints) -> Floats:
    """Uplift by person, where neither the person's fold nor the fold whose pseudo-outcomes are made has taught the
    models of outcomes. What was learnt without two folds serves both of them, so ten pairs of five folds are enough.
    """
    scores = np.full((ways.folds, len(people.y)), np.nan)  # [fold that is kept out, person]
    for one in range(ways.folds):
        for other in range(one + 1, ways.folds):
            models = _arms(people.part((part != one) & (part != other)), ways)
            for out, of in ((one, other), (other, one)):
                scores[out, part == of] = _pseudo(people.part(part == of), models)
    found = np.empty(len(people.y))
    for out in range(ways.folds):
        others = part != out
        model = outcome_model(people.features[others], scores[out, others], learner=ways.last, seed=ways.seed)
        found[~others] = model(people.features[~others])
    return found


def pseudo_outcomes(people: Sample, ways: Ways) -> Floats:
    """A number by person whose mean, given the features, is the effect: models of the other folds, corrected by the
    person's own outcome."""
    part = folds_of(people.treated, ways.folds, np.random.default_rng(ways.seed))
    score = np.empty(len(people.y))
    for number in range(ways.folds):
        out = part == number
        score[out] = _pseudo(people.part(out), _arms(people.part(~out), ways))
    return score


def _pseudo(here: Sample, models: tuple[Predict, Predict]) -> Floats:
    one, none = (model(here.features) for model in models)
    arm, chance = here.treated, here.chance
    return one - none + np.where(arm, (here.y - one) / chance, -(here.y - none) / (1 - chance))


KINDS: Mapping[str, Callable[[Sample, Ways], Predict]] = {
    "s": _single, "t": _two, "x": _crossed, "dr": _doubly_robust,
}  # fmt: skip
