"""The collectors that Stoa comes with."""

from .content import ContentCollector
from .drift import DriftCollector
from .latency import LatencyCollector
from .machine import MachineCollector
from .quality import QualityCollector
from .queues import QueueCollector
from .traffic import TrafficCollector

__all__ = [
    "ContentCollector",
    "DriftCollector",
    "LatencyCollector",
    "MachineCollector",
    "QualityCollector",
    "QueueCollector",
    "TrafficCollector",
]
