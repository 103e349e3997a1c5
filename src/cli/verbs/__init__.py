"""One module for each verb, or for verbs that share their work; each has ``run(invocation) -> exit code``."""
