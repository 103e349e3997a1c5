"""Bytes in, passages out: formats, cutting to size, and the child processes that do it in isolation.

``IsolatedParser`` (isolated.py) is the ``Parser`` of ``core.ports``; it runs ``DocumentParser``
(parser.py) in child processes. ``skip_reason`` (selection.py) tells sources what to leave out.
This package is imported by the child, so nothing here imports a service, a database or the web.
"""
