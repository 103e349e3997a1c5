"""Adapters: the outside world behind the Protocols of ``src.core.ports``, one file for each product."""
