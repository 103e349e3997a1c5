"""The terminal face: the verbs of ``run.py``."""
