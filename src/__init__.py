"""Stoa: a question-answering system over a team's code and documents that learns from its readers.

The packages, each of which may import those below it and none above:

* ``cli`` and ``web`` — the faces: terminal, pages, REST API.
* ``bootstrap`` — the composition root: settings in, an application out, of what ``wiring`` makes of the
  agents, ``adapters`` of the outside world, and ``upkeep`` owes at a start.
* ``agents`` — one package for each specialised agent.
* ``services`` — the outside world behind the Protocols of ``core.ports``.
* ``database`` — typed models, repositories and the unit of work.
* ``core`` — messages, agents, the orchestrator, the event bus and jobs; knows no product.
"""

__version__ = "0.1.0"
