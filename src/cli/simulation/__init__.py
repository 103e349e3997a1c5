"""Readers who ask the questions of a labelled set, vote, and so show what the loop learns from them."""
