"""Where documents come from besides uploads: folders and git repositories, and when they are read."""
