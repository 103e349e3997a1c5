"""The documents of a set in a collection of the server."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from src.cli.client import Client
from src.cli.jobs import follow_job
from src.core.errors import UnavailableError

from .labelled import Document

_BATCH_BYTES = 8 * 2**20


def import_documents(client: Client, collection_id: str, documents: Sequence[Document]) -> None:
    """Import them and wait until they can be found.

    Raises an AppError where a line is refused or a document fails: a set that is there in part would
    measure something else.
    """
    for body in _batches(documents):
        accepted = client.post_lines(f"/collections/{collection_id}/documents:import", body)
        if accepted["rejected"]:
            first = accepted["rejected"][0]
            raise UnavailableError(
                f"The server took {accepted['accepted']} documents and refused {len(accepted['rejected'])}; "
                f"the first: {first['detail']}"
            )
        job = follow_job(client, accepted["job_id"], "Importing the documents")
        if job["state"] != "succeeded":
            raise UnavailableError(f"The import ended as {job['state']}.")
    for state in ("failed", "quarantined"):
        for document in client.items(f"/collections/{collection_id}/documents", state=state, limit=1):
            reason = (document["error"] or {}).get("detail", "the log tells why")
            raise UnavailableError(f"The document {document['external_id']} is {state}: {reason}")


def _batches(documents: Sequence[Document]) -> Iterator[bytes]:
    lines: list[bytes] = []
    size = 0
    for document in documents:
        line = json.dumps(
            {"external_id": document.id, "title": document.title, "text": document.text}
        ).encode()
        if lines and size + len(line) > _BATCH_BYTES:
            yield b"\n".join(lines)
            lines, size = [], 0
        lines.append(line)
        size += len(line) + 1
    if lines:
        yield b"\n".join(lines)
