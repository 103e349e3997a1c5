"""Why questions fail: groups of them, their likely cause by evidence, and what could be done."""

from .analysis import Analysis
from .analyzer import Analyzer
from .evidence import Diagnosis, Evidence
from .titles import Titles

__all__ = ["Analysis", "Analyzer", "Diagnosis", "Evidence", "Titles"]
