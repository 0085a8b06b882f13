"""The estimators of a difference between two arms, each by its name in the pilot document."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.special import stdtrit

from incentive_lab.errors import InputError, Problem
from incentive_lab.format import capital
from incentive_lab.panel import Floats
from incentive_lab.pilot.bootstrap import wild_bootstrap
from incentive_lab.pilot.estimate import (
    NOWHERE,
    Estimate,
    Interval,
    Sample,
    geometric_change,
    share_interval,
    t_interval,
    t_p_value,
)
from incentive_lab.pilot.linear import Coefficient, basis, of_basis
from incentive_lab.pilot.poisson import poisson
from incentive_lab.pilot.randomisation import Randomised, randomisation, scarce
from incentive_lab.pilot.ratios import counted, linearised, ratio_difference, share_direction
from incentive_lab.pilot.scales import cuped, log_before, prepared, welch_df

WORDS: Mapping[str, str] = {
    "difference": "difference in means",
    "ancova": "difference adjusted for the outcome before the pilot (ANCOVA)",
    "cuped": "difference after CUPED with the outcome before the pilot",
    "lin": "ANCOVA with a slope for each arm (Lin)",
    "log_ancova": "difference of logarithms adjusted for the logarithm before the pilot",
    "ppml": "Poisson pseudo-likelihood on the logarithm before the pilot",
    "ratio": "difference of two ratios (delta method)",
    "winsorised": "winsorised difference adjusted for the outcome before the pilot",
    "did": "difference in differences with partner and month effects",
    "staggered": "group-time effects of a staggered start (Callaway and Sant'Anna)",
    "switchback": "difference between months in and out of the arm, with partner and month effects",
    "matched": "matched comparison; nobody was drawn",
}
_WITHOUT: Mapping[str, str] = {
    "ancova": "difference in means", "cuped": "difference in means", "lin": "difference in means",
    "log_ancova": "difference of logarithms", "winsorised": "winsorised difference",
}  # fmt: skip
"""What is left of an estimator where nothing is known of the time before the pilot."""
_EXACT = 1e-12
_SHARP = "Every partner's response has the tested form (a constant amount, or a constant percentage)."
_DRAWN = "The arms were drawn as the plan says, and one partner's arm does not touch another's outcome."


def estimate(
    sample: Sample, estimator: str, *, errors: str = "auto", inference: str = "auto", alpha: float = 0.05,
    winsorise: float = 0.99, draws: int = 2000, seed: int = 1,
) -> Estimate:  # fmt: skip
    """The effect by one estimator.

    Args:
        sample: Two arms and one outcome.
        estimator: difference, ancova, cuped, lin, log_ancova, ppml, ratio or winsorised.
        errors: Standard errors; auto is CR2 with clusters, else HC2 (HC3 for ppml).
        inference: analytic, randomisation (needs `sample.draws`) or wild_bootstrap; auto is randomisation where there
            are draws.
        alpha: One less the confidence.
        winsorise: Pooled quantile for `winsorised`.
        draws: Of the wild bootstrap.
        seed: Of the wild bootstrap.

    Raises:
        InputError: The outcome cannot carry this estimator; the message says why.
    """
    check(sample, estimator)
    if inference == "auto":
        inference = "randomisation" if sample.draws is not None and estimator not in ("ppml", "lin") else "analytic"
    errors = _errors(errors, sample, estimator)
    if estimator == "ratio":
        return _ratio(sample, errors, inference, alpha)
    if estimator == "ppml":
        return _ppml(sample, errors, alpha)
    return _linear(sample, estimator, errors, inference, alpha, winsorise, draws, seed)


def _errors(errors: str, sample: Sample, estimator: str) -> str:
    if errors != "auto":
        return errors
    if sample.clusters is not None:
        return "cr2"
    return "hc3" if estimator == "ppml" else "hc2"


def check(sample: Sample, estimator: str) -> None:
    """Whether an outcome can carry an estimator.

    Raises:
        InputError: It cannot; with the reason.
    """
    post, said = sample.post, "this outcome"
    problems = []
    if sample.size < 4 or (sample.treated == 0).sum() < 2 or (sample.treated == 1).sum() < 2:
        problems.append(
            Problem("metrics", f"{said} is known for too few partners of an arm.", "Two in each are needed.")
        )
    elif not np.isfinite(post).all():
        problems.append(Problem("metrics", f"{said} has missing values.", ""))
    elif not post.any():
        problems.append(Problem("metrics", f"{said} is zero for everybody, so nothing can be compared.",
                                "Choose another metric or other months."))  # fmt: skip
    elif np.ptp(post) == 0:
        problems.append(Problem("metrics", f"{said} is the same for everybody ({post[0]:g}), so nothing can be compared.",
                                "Choose another metric or other months."))  # fmt: skip
    elif estimator == "log_ancova" and (post <= 0).any():
        problems.append(Problem("analysis.estimator", f"log_ancova needs outcomes above zero; {int((post <= 0).sum())} of "
                                f"{sample.size} are not.", "Use ppml, ancova or auto."))  # fmt: skip
    elif estimator == "ppml" and (post < 0).any():
        problems.append(Problem("analysis.estimator", "ppml needs outcomes that are not negative.", "Use ancova."))
    elif estimator == "ratio" and sample.over is None:
        problems.append(Problem("metrics", "a ratio metric needs a denominator.", "Name it with `over`."))
    elif estimator == "ratio" and sample.over is not None and (sample.over < 0).any():
        problems.append(Problem("metrics", "a denominator is negative, so the ratio of sums has no meaning.",
                                "Use a denominator that counts something."))  # fmt: skip
    if problems:
        raise InputError(problems)


def _linear(
    sample: Sample, estimator: str, errors: str, inference: str, alpha: float, winsorise: float, draws: int, seed: int
) -> Estimate:
    outcome, others = prepared(sample, estimator, winsorise)
    if estimator == "cuped" and sample.pre is not None:
        outcome = cuped(outcome, sample.pre, sample.weights)
        others = sample.others if sample.others is not None else np.zeros((sample.size, 0))
    if estimator == "lin" and others.shape[1]:
        centred = others - np.average(others, axis=0, weights=sample.weights)
        others = np.hstack([centred, centred * sample.treated[:, None]])
    columns = basis(others, sample.strata, sample.root)
    outcome = outcome * sample.root
    arm = sample.treated * sample.root
    found = of_basis(outcome, arm, columns, clusters=sample.clusters, errors=errors)
    if estimator in ("difference", "cuped") and columns.shape[1] == 1 and errors == "hc2" and sample.weights is None:
        found = Coefficient(
            found.effect, found.error, welch_df(outcome, sample.treated), found.units, found.clusters, 2
        )
    if found.error <= _EXACT * float(np.abs(outcome).max()):
        raise InputError([Problem("metrics", "the outcome does not vary within the arms (or the model leaves nothing of it), so "
                                  "its error cannot be estimated.", "Choose another metric or more partners.")])  # fmt: skip
    log = estimator == "log_ancova"
    interval = t_interval(found.effect, found.error, found.df, alpha)
    p_value, smallest = t_p_value(found.effect, found.error, found.df), 0.0
    shares = NOWHERE
    ratio = float(np.expm1(found.effect)) if log else float("nan")
    if not log and _has_share(sample, outcome):
        ratio, shares = _fieller(sample, outcome, columns, errors, float(stdtrit(found.df, 1 - alpha / 2)))
    if inference == "randomisation" and sample.draws is not None:
        amount = _drawn(sample, outcome, arm, columns, alpha)
        interval, p_value, smallest = Interval(amount.low, amount.high), amount.p_value, amount.smallest
        if not log and _has_share(sample, outcome):
            share = _drawn(sample, outcome, sample.treated * outcome, columns, alpha)
            shares = share_interval(np.array([share.low, share.high]))
    elif inference == "wild_bootstrap":
        drawn = wild_bootstrap(outcome, arm, columns, sample.clusters, draws, seed, alpha)
        interval, p_value, smallest = Interval(drawn.low, drawn.high), drawn.p_value, drawn.smallest
        shares = NOWHERE
    return _told(sample, estimator, inference, errors, found, outcome, interval, ratio, shares, p_value, smallest, log,
                 columns)  # fmt: skip


def _drawn(sample: Sample, outcome: Floats, direction: Floats, columns: Floats, alpha: float) -> Randomised:
    assert sample.draws is not None
    root = sample.root
    return randomisation(sample.treated * root, sample.draws * root, outcome, direction, columns, clusters=sample.clusters,
                         alpha=alpha, exact=sample.exact, pooled=scarce(sample.draws, sample.clusters))  # fmt: skip


def _has_share(sample: Sample, outcome: Floats) -> bool:
    return bool(
        (outcome >= 0).all() and outcome[sample.treated == 1].sum() > 0 and outcome[sample.treated == 0].sum() > 0
    )


def _fieller(sample: Sample, outcome: Floats, columns: Floats, errors: str, reach: float) -> tuple[float, Interval]:
    """The constant share that explains the difference, and the shares a t test does not reject (Fieller's way)."""

    def variance(values: Floats) -> Coefficient:
        return of_basis(values, sample.treated * sample.root, columns, clusters=sample.clusters, errors=errors)

    own = sample.treated * outcome
    y, v, gap = variance(outcome), variance(own), variance(outcome - own)
    cross = (y.error**2 + v.error**2 - gap.error**2) / 2
    square = v.effect**2 - reach**2 * v.error**2
    middle = y.effect * v.effect - reach**2 * cross
    constant = y.effect**2 - reach**2 * y.error**2
    under = middle**2 - square * constant
    point = y.effect / v.effect
    share = point / (1 - point) if point < 1 else float("nan")
    if square <= 0 or under < 0:
        return share, Interval(-1.0, float("inf"))
    ends = np.array([(middle - np.sqrt(under)) / square, (middle + np.sqrt(under)) / square])
    return share, share_interval(ends)


def _told(
    sample: Sample, estimator: str, inference: str, errors: str, found: Coefficient, outcome: Floats, interval: Interval,
    ratio: float, shares: Interval, p_value: float, smallest: float, log: bool, columns: Floats,
) -> Estimate:  # fmt: skip
    typical = geometric_change(sample.post, sample.treated)
    effect = found.effect
    if log:
        shares = Interval(float(np.expm1(interval.low)), float(np.expm1(interval.high)))
        effect, interval = in_amounts(found.effect, sample.treated_mean), _ends(interval, sample.treated_mean)
        typical = ratio
    stated = inference.replace("_", " ")
    if inference == "randomisation" and sample.draws is not None:
        stated = "randomisation inference"
        if scarce(sample.draws, sample.clusters):
            stated += ", with one pooled error because an arm has fewer than five drawn units"
    return Estimate(
        estimator=estimator, inference=inference, effect=effect, interval=interval, relative=ratio,
        relative_interval=shares, error=found.error, df=found.df, p_value=p_value, control=sample.control_mean,
        treated=sample.treated_mean, units=sample.size, groups=found.clusters, typical=typical, smallest_p=smallest,
        gained=_gained(sample, outcome, columns, errors),
        sentence=f"{_named(sample, estimator)}; {stated}"
        + ("" if inference == "randomisation" else f", {errors.upper()} errors, {found.df:.1f} degrees of freedom")
        + (", drawn strata held fixed" if sample.strata is not None else "")
        + (f", {found.clusters} clusters" if sample.clusters is not None else "") + ".",
        assumes=(_DRAWN, _SHARP) if inference == "randomisation" else (_DRAWN, "Partners are many enough for a t distribution."),
    )  # fmt: skip


def _named(sample: Sample, estimator: str) -> str:
    """The estimator in words, as far as this sample lets it be one."""
    said = WORDS[estimator]
    if sample.pre is None and estimator in _WITHOUT:
        more = sample.others is not None and sample.others.shape[1] > 0
        said = _WITHOUT[estimator] + (", adjusted for covariates" if more else "")
    return capital(said)


def in_amounts(log: float, treated_mean: float) -> float:
    """A change of the logarithm as an amount per treated partner, if all changed by the same percentage."""
    return float(treated_mean * -np.expm1(-log))


def _ends(logs: Interval, treated_mean: float) -> Interval:
    return Interval(in_amounts(logs.low, treated_mean), in_amounts(logs.high, treated_mean))


def _gained(sample: Sample, outcome: Floats, columns: Floats, errors: str) -> float:
    """The share of the plain difference's variance that covariates take away."""
    if columns.shape[1] <= 1:
        return float("nan")
    arm = sample.treated * sample.root
    plain = of_basis(
        outcome, arm, basis(np.zeros((sample.size, 0)), None, sample.root), clusters=sample.clusters, errors=errors
    )
    better = of_basis(outcome, arm, columns, clusters=sample.clusters, errors=errors)
    return 1 - (better.error / plain.error) ** 2 if plain.error > 0 else float("nan")


def _ppml(sample: Sample, errors: str, alpha: float) -> Estimate:
    others = sample.others if sample.others is not None else np.zeros((sample.size, 0))
    before = np.zeros((sample.size, 0)) if sample.pre is None else log_before(sample.pre)
    found = poisson(sample.post, sample.treated, np.hstack([before, others]), sample.strata, sample.clusters, errors,
                    sample.weights)  # fmt: skip
    logs = t_interval(found.effect, found.error, found.df, alpha)
    return Estimate(
        estimator="ppml", inference="analytic", effect=in_amounts(found.effect, sample.treated_mean),
        interval=_ends(logs, sample.treated_mean), relative=float(np.expm1(found.effect)),
        relative_interval=Interval(float(np.expm1(logs.low)), float(np.expm1(logs.high))), error=found.error, df=found.df,
        p_value=t_p_value(found.effect, found.error, found.df), control=sample.control_mean, treated=sample.treated_mean,
        units=sample.size, groups=found.clusters, typical=geometric_change(sample.post, sample.treated),
        sentence=f"{WORDS['ppml']}; {errors.upper()} errors, {found.df:.1f} degrees of freedom.",
        assumes=(_DRAWN, "The mean is a product of arm and size before; partners are many enough for a t distribution."),
    )  # fmt: skip


def _ratio(sample: Sample, errors: str, inference: str, alpha: float) -> Estimate:
    sample = counted(sample)
    found = ratio_difference(sample, errors)
    interval = t_interval(found.effect, found.error, found.df, alpha)
    p_value, smallest = t_p_value(found.effect, found.error, found.df), 0.0
    positive = _has_share(sample, sample.post)
    shares = found.shares(float(stdtrit(found.df, 1 - alpha / 2))) if positive else NOWHERE
    if inference == "randomisation" and sample.draws is not None:
        outcome, before = linearised(sample)
        columns = basis(before, sample.strata)
        drawn = _drawn(sample, outcome, sample.treated, columns, alpha)
        interval, p_value, smallest = Interval(drawn.low, drawn.high), drawn.p_value, drawn.smallest
        if positive:
            share = _drawn(sample, outcome, share_direction(sample), columns, alpha)
            shares = share_interval(np.array([share.low, share.high]))
    relative = found.effect / found.control if found.control else float("nan")
    return Estimate(
        estimator="ratio", inference=inference, effect=found.effect, interval=interval, relative=relative,
        relative_interval=shares, error=found.error, df=found.df, p_value=p_value, control=found.control,
        treated=found.treated, units=sample.size, groups=found.groups, smallest_p=smallest,
        sentence=f"Difference of two ratios, {'randomisation inference' if inference == 'randomisation' else 'delta method'}.",
        assumes=(_DRAWN, "Denominators are not near zero, and the arm does not change who has one."),
    )  # fmt: skip
