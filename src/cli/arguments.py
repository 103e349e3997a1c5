"""The command line: every verb with its arguments. Nothing heavy is imported for ``--help``."""

from __future__ import annotations

import argparse

from .learning import add_learning
from .syntax import Verbs, add_json, add_verb, epilog

VERBS = "src.cli.verbs"


def make_parser() -> argparse.ArgumentParser:
    """Every verb sets ``verb`` to the module below ``src.cli.verbs`` that carries it out."""
    parser = argparse.ArgumentParser(
        prog="run.py",
        description="Stoa answers questions about your code and documents, with citations.",
        epilog=epilog(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--config", metavar="FILE", help="the settings file (default: config.yaml)")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    _add_servers(verbs)
    _add_data(verbs)
    _add_questions(verbs)
    add_learning(verbs)
    _add_users(verbs)
    _add_dead_letters(verbs)
    _add_simulation(verbs)
    add_verb(verbs, "openapi", "openapi", "print the OpenAPI document of the REST API")
    return parser


def _add_servers(verbs: Verbs) -> None:
    add_verb(verbs, "all", "serve", "serve the pages and the API, and run the agents, in one process")
    add_verb(verbs, "web", "serve", "serve the pages and the API; another process runs the agents")
    add_verb(verbs, "worker", "serve", "run the agents' background work; another process serves")
    add_verb(verbs, "migrate", "migrate", "bring the database to this version's schema")


def _add_data(verbs: Verbs) -> None:
    ingest = add_verb(verbs, "ingest", "ingest", "add a repository, a folder or files to a collection")
    ingest.add_argument("what", nargs="+", metavar="PATH|URL", help="what to add")
    ingest.add_argument("--collection", metavar="NAME", help="or id; made when missing (default: from PATH)")
    ingest.add_argument("--branch", help="of a git repository (default: its own)")
    ingest.add_argument("--include", action="append", metavar="GLOB", help="only these files")
    ingest.add_argument("--exclude", action="append", metavar="GLOB", help="not these files")
    ingest.add_argument("--upload", action="store_true", help="send a folder's files instead of naming it")
    add_json(ingest)
    check = add_verb(verbs, "check", "indexes", "compare the indexes with the database")
    add_json(check)
    reindex = add_verb(verbs, "reindex", "indexes", "rebuild the indexes beside the live ones and switch")
    for parser in (check, reindex):
        parser.add_argument("--collection", metavar="NAME", help="of this collection only (or its id)")
    add_json(reindex)


def _add_questions(verbs: Verbs) -> None:
    search = add_verb(verbs, "search", "search", "find the passages that answer a query")
    search.add_argument("query")
    ask = add_verb(verbs, "ask", "ask", "answer a question, with citations")
    ask.add_argument("question")
    ask.add_argument("--style", choices=("default", "concise", "detailed"))
    ask.add_argument("--conversation", metavar="ID", help="go on with a conversation")
    for parser in (search, ask):
        parser.add_argument(
            "--collection", action="append", metavar="NAME", help="only here; may be given again"
        )
        parser.add_argument("--path", metavar="GLOB", help="only in documents with such a path")
        parser.add_argument("-k", type=int, metavar="N", help="how many passages")
        add_json(parser)


def _add_users(verbs: Verbs) -> None:
    user = add_verb(verbs, "user", "users", "manage the users")
    actions = user.add_subparsers(title="actions", metavar="ACTION", required=True)
    add = add_verb(actions, "add", "users", "make a user; the password is asked for")
    add.add_argument("name")
    add.add_argument("--role", action="append", default=[], metavar="ROLE", help="admin, reader, …")
    listing = add_verb(actions, "list", "users", "list the users")
    password = add_verb(actions, "password", "users", "set a password; it is asked for")
    disable = add_verb(actions, "disable", "users", "switch a user's account off")
    enable = add_verb(actions, "enable", "users", "switch a user's account on again")
    delete = add_verb(actions, "delete", "users", "delete a user with all that they asked and rated")
    password.add_argument("name", nargs="?", help="of a user (default: your own, for the current one)")
    for parser in (disable, enable, delete):
        parser.add_argument("name")
    for parser in (add, listing, password, disable, enable, delete):
        add_json(parser)


def _add_dead_letters(verbs: Verbs) -> None:
    letters = add_verb(
        verbs, "dead-letters", "letters", "show, replay or delete the events that were given up"
    )
    actions = letters.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = add_verb(actions, "list", "letters", "list the dead letters, newest first")
    listing.add_argument("--agent", metavar="NAME", help="of this agent only")
    replay = add_verb(actions, "replay", "letters", "deliver a dead letter's event again")
    delete = add_verb(actions, "delete", "letters", "delete a dead letter; its event stays unhandled")
    for parser in (replay, delete):
        parser.add_argument("id", metavar="ID")
    for parser in (listing, replay, delete):
        add_json(parser)


def _add_simulation(verbs: Verbs) -> None:
    parser = add_verb(
        verbs, "simulate", "simulate", "show what the loop learns from simulated readers of a set"
    )
    parser.add_argument(
        "--set",
        required=True,
        metavar="DIR",
        help="with corpus.jsonl, queries.jsonl and qrels.tsv (or qrels/*.tsv)",
    )
    parser.add_argument("--own-server", action="store_true", help="start one in a temporary data folder")
    parser.add_argument("--collection", metavar="NAME", help="that has the documents; else they are imported")
    parser.add_argument("--keep", action="store_true", help="keep the collection that was made")
    numbers: tuple[tuple[str, type, object, str], ...] = (
        ("interactions", int, 2000, "questions that are asked in all"),
        ("readers", int, 30, "accounts that ask"),
        ("kept", float, 0.25, "share of the questions that is never asked"),
        ("flips", float, 0.1, "share of the votes that say the opposite by mistake"),
        ("liars", float, 0.0, "share of the readers who always say the opposite"),
        ("floods", int, 0, "accounts that send hundreds of hostile votes halfway"),
        ("seed", int, 0, "of every random choice"),
        ("threads", int, 4, "readers at the same time"),
    )
    for name, kind, usual, text in numbers:
        parser.add_argument(
            f"--{name}", type=kind, default=usual, metavar="N", help=f"{text} (default: {usual})"
        )
    parser.add_argument(
        "--apart",
        choices=("question", "passage"),
        default="question",
        help="what asked and never-asked questions do not share (default: question)",
    )
    add_json(parser)
