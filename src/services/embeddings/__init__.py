"""Sentence embeddings on onnxruntime: models found, graphs made once and kept, texts turned into vectors.

``models`` finds a model's files; ``layouts`` reads a folder of the sentence-transformers layout and ``hub``
a Hugging Face name. ``bert`` makes the graph from the weights, in float or, with ``quantization`` and
``calibration``, in int8; ``graphs`` writes it and ``cache`` keeps it. ``embedder`` is the port's adapter.
"""
