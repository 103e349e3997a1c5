"""Adapters: the outside world behind the Protocols of ``src.core.ports``, one place for each product."""
