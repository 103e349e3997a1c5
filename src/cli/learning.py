"""The verbs that rate, and all that ``learn`` can show and do."""

from __future__ import annotations

from .syntax import Verbs, add_json, add_verb


def add_learning(verbs: Verbs) -> None:
    """``rate``, and ``learn`` with its actions."""
    _add_rate(verbs)
    learn = add_verb(verbs, "learn", "ratings", "see and steer what is learned from ratings")
    actions = learn.add_subparsers(title="actions", metavar="ACTION", required=True)
    loop = add_verb(actions, "loop", "loop", "show where the loop of each collection stands, and what waits")
    loop.add_argument("--collection", metavar="NAME", help="of this collection only (or its id)")
    add_json(loop)
    _add_ratings(actions)
    _add_training(actions)
    insights = add_verb(actions, "insights", "insights", "show why questions fail, and what could be done")
    insights.add_argument("--collection", metavar="NAME", help="of this collection only (or its id)")
    insights.add_argument("--refresh", action="store_true", help="look at what failed now, and wait for it")
    mine = add_verb(actions, "outcomes", "insights", "show what became of your own ratings")
    for parser in (insights, mine):
        add_json(parser)
    _add_models(actions)
    _add_trials(actions)
    _add_golden(actions)
    _add_indexes(actions)


def _add_rate(verbs: Verbs) -> None:
    rate = add_verb(verbs, "rate", "rate", "say whether an answer was right; a second time changes it")
    rate.add_argument("answer", metavar="ANSWER_ID", help="as `ask` prints it")
    rate.add_argument("verdict", choices=("up", "down", "none"), help="none takes the rating back")
    rate.add_argument("--citation", metavar="MARKER", help="rate this citation of the answer instead")
    rate.add_argument("--stars", type=int, choices=range(1, 6), metavar="1-5")
    reasons = ("wrong_passages", "wrong_answer", "outdated", "incomplete", "wrong_tone", "other")
    rate.add_argument("--reason", action="append", choices=reasons, help="what was wrong; may be given again")
    rate.add_argument("--comment", metavar="TEXT")
    rate.add_argument("--correction", metavar="TEXT", help="what would be right")
    add_json(rate)


def _add_ratings(actions: Verbs) -> None:
    listing = add_verb(actions, "ratings", "ratings", "list the ratings that you may see, newest first")
    listing.add_argument("--collection", metavar="NAME", help="of this collection only (or its id)")
    listing.add_argument("--state", choices=("new", "counted", "held", "discarded"))
    listing.add_argument(
        "--held", action="store_const", const="held", dest="state", help="those that wait to be looked at"
    )
    listing.add_argument("--verdict", choices=("up", "down"))
    listing.add_argument("--kind", choices=("answer", "citation", "hit"), help="what was rated")
    listing.add_argument("--since", metavar="TIME", help="changed since then, as 2026-11-21T09:00:00Z")
    release = add_verb(actions, "release", "ratings", "let held ratings count")
    discard = add_verb(actions, "discard", "ratings", "have ratings never count")
    for parser in (release, discard):
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("id", nargs="*", default=[], metavar="ID")
        which.add_argument("--held", action="store_true", help="all that are held")
    replay = add_verb(
        actions, "replay", "replay", "rank a question by another model, beside what is shown now"
    )
    replay.add_argument("collection", metavar="COLLECTION", help="name or id")
    replay.add_argument("question", metavar="QUESTION")
    replay.add_argument("--model", metavar="ID", help="(default: the newest that does not rank already)")
    for parser in (listing, release, discard, replay):
        add_json(parser)


def _add_models(actions: Verbs) -> None:
    models = add_verb(actions, "models", "trials", "list the models that rank, or did, or may")
    models.add_argument("--collection", metavar="NAME", help="of this collection only (or its id)")
    one = add_verb(
        actions, "model", "lineage", "show what a model was made from, and how it came to its place"
    )
    one.add_argument("id", metavar="MODEL_ID")
    board = add_verb(actions, "board", "lineage", "show what each version reached on each set of questions")
    board.add_argument("collection", metavar="COLLECTION", help="name or id")
    for parser in (models, one, board):
        add_json(parser)


def _add_trials(actions: Verbs) -> None:
    experiments = add_verb(actions, "experiments", "trials", "list the live comparisons of models")
    experiments.add_argument("--collection", metavar="NAME", help="of this collection only (or its id)")
    attempt = add_verb(actions, "try", "trials", "compare a model with the live one on interleaved lists")
    attempt.add_argument("collection", metavar="COLLECTION", help="name or id")
    attempt.add_argument("--model", metavar="ID", help="(default: the newest that passed the gate)")
    attempt.add_argument("--words", type=float, metavar="W", help="the live one with this weight of BM25")
    attempt.add_argument("--names", type=float, metavar="W", help="and this one of exact names")
    attempt.add_argument("--aa", action="store_const", const=True, help="the live model with itself")
    attempt.add_argument("--share", type=float, metavar="0-1", help="of the searches (default: 1)")
    attempt.add_argument("--plan", action="store_true", help="only say what it would take")
    chunker = add_verb(actions, "chunker", "trials", "build and compare an index of other passages")
    chunker.add_argument("collection", metavar="COLLECTION", help="name or id")
    chunker.add_argument("--tokens", type=int, metavar="N", help="at most in a passage (default: configured)")
    chunker.add_argument("--overlap", type=int, metavar="N", help="that a part repeats of the one before")
    chunker.add_argument(
        "--switch", action="store_const", const=True, help="search it once it has passed the gate, untried"
    )
    compare = add_verb(actions, "compare", "comparing", "have half of the readers answered in another way")
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
    one = add_verb(actions, "experiment", "trials", "show one comparison with its figures")
    one.add_argument("id", metavar="EXPERIMENT_ID")
    promote = add_verb(actions, "promote", "trials", "make a model the one that ranks")
    rollback = add_verb(actions, "rollback", "trials", "return from the live model to the one before")
    reject = add_verb(actions, "reject", "trials", "put a model that waits aside")
    for parser in (promote, rollback, reject):
        parser.add_argument("id", metavar="MODEL_ID")
    stop = add_verb(actions, "stop", "trials", "end a comparison now; the live model stays")
    stop.add_argument("id", metavar="EXPERIMENT_ID")
    for parser in (promote, rollback, reject, stop):
        parser.add_argument("--reason", metavar="TEXT", help="is kept with the decision")
    for parser in (experiments, attempt, chunker, compare, one, promote, rollback, reject, stop):
        add_json(parser)


def _add_indexes(actions: Verbs) -> None:
    indexes = add_verb(actions, "indexes", "versions", "list a collection's indexes, and switch between them")
    indexes.add_argument("collection", metavar="COLLECTION", help="name or id")
    what = indexes.add_mutually_exclusive_group()
    what.add_argument("--switch", metavar="ID", help="search this index, which is on standby")
    what.add_argument("--back", action="store_true", help="search the index that was searched before")
    what.add_argument(
        "--build",
        metavar="VERSION",
        help="build with this embedding version (or `configured`), then search it",
    )
    add_json(indexes)


def _add_golden(actions: Verbs) -> None:
    golden = add_verb(actions, "golden", "golden", "keep questions with known right documents")
    sets = golden.add_subparsers(title="actions", metavar="ACTION", required=True)
    add = add_verb(sets, "add", "golden", "add a folder in the BEIR layout to a golden set")
    add.add_argument("collection", metavar="COLLECTION", help="name or id")
    add.add_argument("folder", metavar="DIR", help="with queries.jsonl and qrels.tsv (or qrels/*.tsv)")
    add.add_argument("--name", help="of the set (default: from DIR)")
    add.add_argument("--margin", type=float, default=0.005, help="how far nDCG@10 may fall (default: 0.005)")
    accept = add_verb(sets, "accept", "golden", "take the question of an up-vote into a golden set")
    accept.add_argument("collection", metavar="COLLECTION", help="name or id")
    accept.add_argument("rating", metavar="RATING_ID", help="as `learn ratings --verdict up` prints it")
    accept.add_argument("--name", help="of the set (default: that of all accepted ones)")
    listing = add_verb(sets, "list", "golden", "list the golden sets")
    listing.add_argument("--collection", metavar="NAME", help="of this collection only (or its id)")
    questions = add_verb(sets, "questions", "golden", "list the questions of a golden set")
    questions.add_argument("id", metavar="SET_ID")
    delete = add_verb(sets, "delete", "golden", "delete a golden set with its questions, or one of these")
    delete.add_argument("id", metavar="SET_ID")
    delete.add_argument("--question", metavar="ID", help="only this one")
    for parser in (add, accept, listing, questions, delete):
        add_json(parser)


def _add_training(actions: Verbs) -> None:
    train = add_verb(
        actions, "train", "training", "train on a collection's ratings now, and wait for the end"
    )
    train.add_argument("collection", metavar="COLLECTION", help="name or id")
    train.add_argument("--trainer", default="ladder", metavar="NAME", help="(default: ladder)")
    train.add_argument("--seed", type=int, default=0, metavar="N", help="of every random choice (default: 0)")
    runs = add_verb(actions, "runs", "training", "list the training runs, newest first")
    one = add_verb(actions, "run", "training", "show one training run with its curves")
    one.add_argument("id", metavar="RUN_ID")
    datasets = add_verb(actions, "datasets", "training", "list the data sets that were made of ratings")
    for parser in (runs, datasets):
        parser.add_argument("--collection", metavar="NAME", help="of this collection only (or its id)")
    for parser in (train, runs, one, datasets):
        add_json(parser)
    examples = add_verb(actions, "examples", "training", "print a data set's examples as lines of JSON")
    examples.add_argument("id", metavar="DATASET_ID")
