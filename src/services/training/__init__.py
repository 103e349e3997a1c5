"""Fine-tuning the whole embedding model, in a process of its own.

``recipe`` holds the settings, ``task`` the folder that a run works in, ``encoder`` and ``loop`` what runs in
the child with torch, ``child`` starts and watches it, and ``bundle`` makes the result one file. Only
``encoder`` and ``loop`` import torch, and only in the child.
"""
