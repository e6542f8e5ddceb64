"""The medicine: concerns, scales, side effects, contraindications, protocol numbers, methods,
and what others published: results of studies, decisions of regulators.

Names, numbers and prose live in the ``*.toml`` files beside this one, each with its source; the
types they are read into live in :mod:`analysis.vocabulary.terms`. A clinic's own
``vocabulary.toml`` is laid over the built-in files.
"""

from analysis.vocabulary.published import (
    DeviceStatus,
    PublishedResult,
    PublishedResults,
    RegulatoryStatuses,
    fold_device,
)
from analysis.vocabulary.reading import read_vocabulary
from analysis.vocabulary.terms import (
    Claim,
    Concern,
    Constant,
    Contraindication,
    Method,
    RegulatoryStatus,
    Responder,
    Result,
    Scale,
    SideEffect,
    Study,
    Vocabulary,
)

BUILT_IN = read_vocabulary()
METHODS = BUILT_IN.methods
PROTOCOL = BUILT_IN.protocol

__all__ = [
    "BUILT_IN",
    "METHODS",
    "PROTOCOL",
    "Claim",
    "Concern",
    "Constant",
    "Contraindication",
    "DeviceStatus",
    "Method",
    "PublishedResult",
    "PublishedResults",
    "RegulatoryStatus",
    "RegulatoryStatuses",
    "Responder",
    "Result",
    "Scale",
    "SideEffect",
    "Study",
    "Vocabulary",
    "fold_device",
    "read_vocabulary",
]
