"""Turns text into the words that the lexical index stores and looks up."""
