"""Finds a source's own identifiers and free text in what is about to be shared."""

from analysis.intake.identifiers.listing import Identifiers, list_identifiers
from analysis.intake.identifiers.scanning import SHORTEST, make_scanner

__all__ = ["SHORTEST", "Identifiers", "list_identifiers", "make_scanner"]
