"""The typed messages: requests, events and jobs, one module for each conversation."""

from .base import Access, AccessLevel, Envelope, Event, JobSpec, Message, Page, Reply, Request, Target

__all__ = [
    "Access",
    "AccessLevel",
    "Envelope",
    "Event",
    "JobSpec",
    "Message",
    "Page",
    "Reply",
    "Request",
    "Target",
]
