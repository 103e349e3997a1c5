"""Search at three sizes against embedding the query, a bare Chroma query and a bare lexical query."""

from __future__ import annotations

from functools import partial

from src.agents.retrieval.query import DEPTH
from src.core.messages.questions import Search

from .crowd import fill, gather, questions
from .house import BenchHouse, house
from .table import Row, Table, quantiles, resident_mib, scratch, settle, timed_ms

SIZES = (1_000, 20_000, 100_000)
QUESTIONS = 300
WARM = 20
_LETTERS = str.maketrans("0123456789", "ghijklmnop")


def run() -> Table:
    """Product and floor take turns, question by question, and never see the same question twice; each
    size is measured when the server has come to rest."""
    rows: list[Row] = []
    medians: dict[int, float] = {}
    with scratch() as data_dir, house(data_dir) as bench:
        at_rest = resident_mib()
        crowd = gather(bench, data_dir)
        asked = questions(bench, crowd, 2 * (QUESTIONS + WARM))
        for size in SIZES:
            collection = fill(bench, crowd, size)
            product, floor = _measure(bench, collection, asked)
            (p50, p95), (f50, f95) = quantiles(product), quantiles(floor)
            medians[size] = p50
            name = f"search among {size:,} passages"
            rows.append(Row(f"{name}, median", f"{p50:.1f} ms", f"{f50:.1f} ms", p50 / f50, "at most 1.3"))
            rows.append(Row(f"{name}, 95th percentile", f"{p95:.1f} ms", f"{f95:.1f} ms", p95 / f95))
            if size == SIZES[1]:
                after = f"{at_rest:.0f} MiB, then {resident_mib():.0f} MiB"
                rows.append(Row("memory of the server at rest, and with 21,000 passages in it", after))
    growth = medians[SIZES[2]] / medians[SIZES[1]]
    rows.append(Row("growth of the median from 20,000 to 100,000", "", "", growth, "at most 1.5"))
    return Table(
        "Search",
        f"{len(asked) // 2 - WARM} questions at each size, k = 10. The floor embeds the question, then asks "
        f"Chroma and then the lexical index for {DEPTH} candidates, and does nothing else.",
        tuple(rows),
    )


def _measure(bench: BenchHouse, collection: str, asked: list[str]) -> tuple[list[float], list[float]]:
    adapters = bench.application.adapters
    with bench.application.database.read() as work:
        index = work.indexes.live(collection)
    assert index is not None

    def search(question: str) -> None:
        bench.ask(Search(query=question, collection_ids=(collection,)))

    def bare(question: str) -> None:
        vector = adapters.embedder.embed_query(question)
        adapters.vectors.search(index.id, vector, DEPTH)
        adapters.lexical.search(index.id, question, DEPTH)

    settle()
    word = index.id[-6:].translate(_LETTERS)
    product, floor = [], []
    for number in range(0, len(asked) - 1, 2):
        # A word of its own for each size: no cache of an earlier size knows the question.
        first, second = f"{asked[number]} {word}", f"{asked[number + 1]} {word}"
        product.append(timed_ms(partial(search, first)))
        floor.append(timed_ms(partial(bare, second)))
    return product[WARM:], floor[WARM:]
