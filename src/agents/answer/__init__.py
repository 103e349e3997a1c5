"""The answer agent: questions answered from retrieved passages, with citations.

``composition`` makes an answer: ``evidence`` says whether the passages can hold one at all, ``prompt``
and ``condense`` speak to a language model, ``citations`` checks what it writes sentence by sentence, and
``extract`` answers without a model. ``markdown`` keeps generated and quoted text inert.
"""

from .agent import AnswerAgent

__all__ = ["AnswerAgent"]
