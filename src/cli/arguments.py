"""The command line: every verb with its arguments. Nothing heavy is imported for ``--help``."""

from __future__ import annotations

import argparse
from typing import TypeAlias

from .exits import MEANINGS

VERBS = "src.cli.verbs"


def make_parser() -> argparse.ArgumentParser:
    """Every verb sets ``verb`` to the module below ``src.cli.verbs`` that carries it out."""
    parser = argparse.ArgumentParser(
        prog="run.py",
        description="Stoa answers questions about your code and documents, with citations.",
        epilog=_epilog(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--config", metavar="FILE", help="the settings file (default: config.yaml)")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    _add_servers(verbs)
    _add_data(verbs)
    _add_questions(verbs)
    _add_feedback(verbs)
    _add_users(verbs)
    _add_dead_letters(verbs)
    _add_simulation(verbs)
    _verb(verbs, "openapi", "openapi", "print the OpenAPI document of the REST API")
    return parser


_Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def _verb(verbs: _Verbs, name: str, module: str, text: str, **more: object) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = verbs.add_parser(
        name,
        help=text,
        description=text[0].upper() + text[1:] + ".",
        epilog=_epilog(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(verb=module, action=name, **more)
    return parser


def _add_servers(verbs: _Verbs) -> None:
    _verb(verbs, "all", "serve", "serve the pages and the API, and run the agents, in one process")
    _verb(verbs, "web", "serve", "serve the pages and the API; another process runs the agents")
    _verb(verbs, "worker", "serve", "run the agents' background work; another process serves")
    _verb(verbs, "migrate", "migrate", "bring the database to this version's schema")


def _add_data(verbs: _Verbs) -> None:
    ingest = _verb(verbs, "ingest", "ingest", "add a repository, a folder or files to a collection")
    ingest.add_argument("what", nargs="+", metavar="PATH|URL", help="what to add")
    ingest.add_argument("--collection", metavar="NAME", help="or id; made when missing (default: from PATH)")
    ingest.add_argument("--branch", help="of a git repository (default: its own)")
    ingest.add_argument("--include", action="append", metavar="GLOB", help="only these files")
    ingest.add_argument("--exclude", action="append", metavar="GLOB", help="not these files")
    ingest.add_argument("--upload", action="store_true", help="send a folder's files instead of naming it")
    _json(ingest)
    check = _verb(verbs, "check", "indexes", "compare the indexes with the database")
    _json(check)
    reindex = _verb(verbs, "reindex", "indexes", "rebuild the indexes beside the live ones and switch")
    for parser in (check, reindex):
        parser.add_argument("--collection", metavar="NAME", help="of this collection only (or its id)")
    _json(reindex)


def _add_questions(verbs: _Verbs) -> None:
    search = _verb(verbs, "search", "search", "find the passages that answer a query")
    search.add_argument("query")
    ask = _verb(verbs, "ask", "ask", "answer a question, with citations")
    ask.add_argument("question")
    ask.add_argument("--style", choices=("default", "concise", "detailed"))
    ask.add_argument("--conversation", metavar="ID", help="go on with a conversation")
    for parser in (search, ask):
        parser.add_argument(
            "--collection", action="append", metavar="NAME", help="only here; may be given again"
        )
        parser.add_argument("--path", metavar="GLOB", help="only in documents with such a path")
        parser.add_argument("-k", type=int, metavar="N", help="how many passages")
        _json(parser)


def _add_feedback(verbs: _Verbs) -> None:
    rate = _verb(verbs, "rate", "rate", "say whether an answer was right; a second time changes it")
    rate.add_argument("answer", metavar="ANSWER_ID", help="as `ask` prints it")
    rate.add_argument("verdict", choices=("up", "down", "none"), help="none takes the rating back")
    rate.add_argument("--citation", metavar="MARKER", help="rate this citation of the answer instead")
    rate.add_argument("--stars", type=int, choices=range(1, 6), metavar="1-5")
    reasons = ("wrong_passages", "wrong_answer", "outdated", "incomplete", "wrong_tone", "other")
    rate.add_argument("--reason", action="append", choices=reasons, help="what was wrong; may be given again")
    rate.add_argument("--comment", metavar="TEXT")
    rate.add_argument("--correction", metavar="TEXT", help="what would be right")
    learn = _verb(verbs, "learn", "ratings", "see and steer what is learned from ratings")
    actions = learn.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = _verb(actions, "ratings", "ratings", "list the ratings that you may see, newest first")
    listing.add_argument("--held", action="store_true", help="only those that wait to be looked at")
    listing.add_argument("--collection", metavar="NAME", help="of this collection only (or its id)")
    listing.add_argument("--since", metavar="TIME", help="changed since then, as 2026-11-21T09:00:00Z")
    release = _verb(actions, "release", "ratings", "let held ratings count")
    discard = _verb(actions, "discard", "ratings", "have ratings never count")
    for parser in (release, discard):
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("id", nargs="*", default=[], metavar="ID")
        which.add_argument("--held", action="store_true", help="all that are held")
    for parser in (rate, listing, release, discard):
        _json(parser)
    _add_training(actions)
    insights = _verb(actions, "insights", "insights", "show why questions fail, and what could be done")
    insights.add_argument("--collection", metavar="NAME", help="of this collection only (or its id)")
    insights.add_argument("--refresh", action="store_true", help="look at what failed now, and wait for it")
    mine = _verb(actions, "outcomes", "insights", "show what became of your own ratings")
    for parser in (insights, mine):
        _json(parser)
    _add_trials(actions)
    _add_golden(actions)
    _add_indexes(actions)


def _add_trials(actions: _Verbs) -> None:
    models = _verb(actions, "models", "trials", "list the models that rank, or did, or may")
    experiments = _verb(actions, "experiments", "trials", "list the live comparisons of models")
    for parser in (models, experiments):
        parser.add_argument("--collection", metavar="NAME", help="of this collection only (or its id)")
    attempt = _verb(actions, "try", "trials", "compare a model with the live one on interleaved lists")
    attempt.add_argument("collection", metavar="COLLECTION", help="name or id")
    attempt.add_argument("--model", metavar="ID", help="(default: the newest that passed the gate)")
    attempt.add_argument("--words", type=float, metavar="W", help="the live one with this weight of BM25")
    attempt.add_argument("--names", type=float, metavar="W", help="and this one of exact names")
    attempt.add_argument("--aa", action="store_const", const=True, help="the live model with itself")
    chunker = _verb(actions, "chunker", "trials", "build and compare an index of other passages")
    chunker.add_argument("collection", metavar="COLLECTION", help="name or id")
    chunker.add_argument("--tokens", type=int, metavar="N", help="at most in a passage (default: configured)")
    chunker.add_argument("--overlap", type=int, metavar="N", help="that a part repeats of the one before")
    chunker.add_argument(
        "--switch", action="store_const", const=True, help="search it once it has passed the gate, untried"
    )
    compare = _verb(actions, "compare", "comparing", "have half of the readers answered in another way")
    compare.add_argument("collection", metavar="COLLECTION", help="name or id")
    compare.add_argument("--template", metavar="FILE", help="a file with it, or `standard`, `quoting`")
    compare.add_argument("--language-model", metavar="NAME", help="another model of the provider")
    compare.add_argument("--style", choices=("default", "concise", "detailed"))
    compare.add_argument("--evidence", type=float, metavar="LEAST", help="below it nothing is answered")
    compare.add_argument("--passages", type=int, metavar="N", help="what an answer is made from")
    compare.add_argument("--rewriting", choices=("model", "words", "nobody"), help="of follow-up questions")
    compare.add_argument("--memory", choices=("on", "off"), help="of earlier votes")
    compare.add_argument("--model", metavar="ID", help="an earlier version instead")
    compare.add_argument("--aa", action="store_const", const=True, help="the same for both halves")
    compare.add_argument("--plan", action="store_true", help="only say what it would take")
    compare.add_argument("--share", type=float, metavar="0-1", help="of the readers (default: 1)")
    one = _verb(actions, "experiment", "trials", "show one comparison with its figures")
    one.add_argument("id", metavar="EXPERIMENT_ID")
    promote = _verb(actions, "promote", "trials", "make a model the one that ranks")
    rollback = _verb(actions, "rollback", "trials", "return from the live model to the one before")
    reject = _verb(actions, "reject", "trials", "put a model that waits aside")
    for parser in (promote, rollback, reject):
        parser.add_argument("id", metavar="MODEL_ID")
    stop = _verb(actions, "stop", "trials", "end a comparison now; the live model stays")
    stop.add_argument("id", metavar="EXPERIMENT_ID")
    for parser in (promote, rollback, reject, stop):
        parser.add_argument("--reason", metavar="TEXT", help="is kept with the decision")
    for parser in (models, experiments, attempt, chunker, compare, one, promote, rollback, reject, stop):
        _json(parser)


def _add_indexes(actions: _Verbs) -> None:
    indexes = _verb(actions, "indexes", "versions", "list a collection's indexes, and switch between them")
    indexes.add_argument("collection", metavar="COLLECTION", help="name or id")
    what = indexes.add_mutually_exclusive_group()
    what.add_argument("--switch", metavar="ID", help="search this index, which is on standby")
    what.add_argument("--back", action="store_true", help="search the index that was searched before")
    what.add_argument(
        "--build",
        metavar="VERSION",
        help="build with this embedding version (or `configured`), then search it",
    )
    _json(indexes)


def _add_golden(actions: _Verbs) -> None:
    golden = _verb(actions, "golden", "golden", "keep questions with known right documents")
    sets = golden.add_subparsers(title="actions", metavar="ACTION", required=True)
    add = _verb(sets, "add", "golden", "add a folder in the BEIR layout to a golden set")
    add.add_argument("collection", metavar="COLLECTION", help="name or id")
    add.add_argument("folder", metavar="DIR", help="with corpus.jsonl, queries.jsonl and qrels.tsv")
    add.add_argument("--name", help="of the set (default: from DIR)")
    add.add_argument("--margin", type=float, default=0.005, help="how far nDCG@10 may fall (default: 0.005)")
    listing = _verb(sets, "list", "golden", "list the golden sets")
    listing.add_argument("--collection", metavar="NAME", help="of this collection only (or its id)")
    delete = _verb(sets, "delete", "golden", "delete a golden set with its questions")
    delete.add_argument("id", metavar="SET_ID")
    for parser in (add, listing, delete):
        _json(parser)


def _add_training(actions: _Verbs) -> None:
    train = _verb(actions, "train", "training", "train on a collection's ratings now, and wait for the end")
    train.add_argument("collection", metavar="COLLECTION", help="name or id")
    train.add_argument("--trainer", default="ladder", metavar="NAME", help="(default: ladder)")
    train.add_argument("--seed", type=int, default=0, metavar="N", help="of every random choice (default: 0)")
    runs = _verb(actions, "runs", "training", "list the training runs, newest first")
    datasets = _verb(actions, "datasets", "training", "list the data sets that were made of ratings")
    for parser in (runs, datasets):
        parser.add_argument("--collection", metavar="NAME", help="of this collection only (or its id)")
    for parser in (train, runs, datasets):
        _json(parser)
    examples = _verb(actions, "examples", "training", "print a data set's examples as lines of JSON")
    examples.add_argument("id", metavar="DATASET_ID")


def _add_users(verbs: _Verbs) -> None:
    user = _verb(verbs, "user", "users", "manage the users")
    actions = user.add_subparsers(title="actions", metavar="ACTION", required=True)
    add = _verb(actions, "add", "users", "make a user; the password is asked for")
    add.add_argument("name")
    add.add_argument("--role", action="append", default=[], metavar="ROLE", help="admin, reader, …")
    listing = _verb(actions, "list", "users", "list the users")
    password = _verb(actions, "password", "users", "set a password; it is asked for")
    disable = _verb(actions, "disable", "users", "switch a user's account off")
    enable = _verb(actions, "enable", "users", "switch a user's account on again")
    delete = _verb(actions, "delete", "users", "delete a user with all that they asked and rated")
    password.add_argument("name", nargs="?", help="of a user (default: your own, for the current one)")
    for parser in (disable, enable, delete):
        parser.add_argument("name")
    for parser in (add, listing, password, disable, enable, delete):
        _json(parser)


def _add_dead_letters(verbs: _Verbs) -> None:
    letters = _verb(verbs, "dead-letters", "letters", "show, replay or delete the events that were given up")
    actions = letters.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = _verb(actions, "list", "letters", "list the dead letters, newest first")
    listing.add_argument("--agent", metavar="NAME", help="of this agent only")
    replay = _verb(actions, "replay", "letters", "deliver a dead letter's event again")
    delete = _verb(actions, "delete", "letters", "delete a dead letter; its event stays unhandled")
    for parser in (replay, delete):
        parser.add_argument("id", metavar="ID")
    for parser in (listing, replay, delete):
        _json(parser)


def _add_simulation(verbs: _Verbs) -> None:
    parser = _verb(verbs, "simulate", "simulate", "show what the loop learns from simulated readers of a set")
    parser.add_argument(
        "--set", required=True, metavar="DIR", help="with corpus.jsonl, queries.jsonl and qrels.tsv"
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
    _json(parser)


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the result as JSON, for programs")


def _epilog() -> str:
    codes = "\n".join(f"  {code:3}  {meaning}" for code, meaning in MEANINGS)
    return (
        f"exit codes:\n{codes}\n\n"
        "The verbs that read or change data talk to the server of the data folder where one runs, and\n"
        "to another one where STOA_URL and STOA_TOKEN are set; else they start one for their own time."
    )
