"""Ranking: the default fusion, the features, and what is learned from votes on top of them.

``words`` takes questions and passages apart, ``features`` and ``signals`` turn a pool into numbers.
``memory``, ``linear`` and ``adapter`` are the rungs; ``training`` fits as many as the votes carry and
``diagnosis`` names what went wrong. ``ranker`` is the function that results, ``artefact`` its file.
"""
