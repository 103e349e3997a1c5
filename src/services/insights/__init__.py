"""Finding what failing questions have in common: groups, names for them, and how they change."""
