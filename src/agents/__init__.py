"""The specialised agents: one package for each, wired in ``src.wiring``."""
