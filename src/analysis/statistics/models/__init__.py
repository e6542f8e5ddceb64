"""Models of scores that are repeated within patients."""

from analysis.statistics.models.repeated import VisitEstimate, VisitModel, estimate_by_visit

__all__ = ["VisitEstimate", "VisitModel", "estimate_by_visit"]
