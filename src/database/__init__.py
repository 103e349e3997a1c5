"""Typed models, repositories and the unit of work over SQLite or PostgreSQL."""
