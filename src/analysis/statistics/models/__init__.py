"""Models of what is recorded of a patient again and again: scores and responses by visit."""

from analysis.statistics.models.repeated import VisitEstimate, VisitModel, estimate_by_visit
from analysis.statistics.models.responders import estimate_responders_by_visit

__all__ = ["VisitEstimate", "VisitModel", "estimate_by_visit", "estimate_responders_by_visit"]
