"""Standard errors and degrees of freedom of what a fitted covariance says about the means."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from analysis.statistics.models.likelihood import Evaluation, adjust_variance
from analysis.statistics.models.patterns import Patterns, Reals

Degrees = Literal["kenward_roger", "satterthwaite"]
Information = Literal["observed", "expected"]


@dataclass(frozen=True, kw_only=True)
class Inference:
    """What is known of each contrast; all have one entry for each."""

    values: Reals
    standard_errors: Reals
    degrees_of_freedom: Reals


def infer(
    patterns: Sequence[Patterns],
    bases: Reals,
    at: Evaluation,
    contrasts: Reals,
    degrees: Degrees,
    information: Information = "observed",
) -> Inference:
    """Return estimates, standard errors and degrees of freedom of linear contrasts.

    For one contrast, Kenward and Roger's degrees of freedom are Satterthwaite's, so the two
    ``degrees`` differ in the standard error alone: Kenward and Roger's is larger, for the
    parameters of the covariance are estimates. (In their notation A1 = A2 = A, hence 2 / A degrees
    of freedom and no scaling of the statistic.)

    Parameters
    ----------
    contrasts
        (contrasts, p): weights of the coefficients.
    information
        What the parameters' covariance is taken from: the observed second derivatives, as SAS
        MIXED, mmrm and lmerTest do and as missing visits ask for (Kenward and Molenberghs 1998,
        Stat Sci 13:236-247), or the expected, as pbkrtest does.
    """
    curvature = at.observed if information == "observed" else at.expected
    scale = np.sqrt(np.diagonal(curvature))
    scales = np.outer(scale, scale)
    spread = 2 * np.linalg.inv(curvature / scales) / scales
    plain = np.einsum("cp,pq,cq->c", contrasts, at.variance, contrasts)
    turned = contrasts @ at.variance
    gradients = np.einsum("cp,hpq,cq->ch", turned, at.slopes, turned)
    spreads = np.einsum("ch,hl,cl->c", gradients, spread, gradients)
    variance = at.variance
    if degrees == "kenward_roger":
        variance = adjust_variance(patterns, bases, at, spread)
    return Inference(
        values=contrasts @ at.coefficients,
        standard_errors=np.sqrt(np.einsum("cp,pq,cq->c", contrasts, variance, contrasts)),
        degrees_of_freedom=2 * plain**2 / spreads,
    )
