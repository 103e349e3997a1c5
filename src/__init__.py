"""Stoa: a question-answering system over a team's code and documents that learns from its readers.

The packages, in the direction data flows:

* ``web`` and ``cli`` — the faces: pages, REST API, terminal.
* ``core`` — messages, agents, the orchestrator, the event bus and jobs; knows no product.
* ``agents`` — one package for each specialised agent.
* ``services`` — the outside world behind the Protocols of ``core.ports``.
* ``database`` — typed models, repositories and the unit of work.

``bootstrap`` is the composition root: the only module that names concrete adapters.
"""

__version__ = "0.1.0"
