"""Backends of the event bus, one file for each."""
