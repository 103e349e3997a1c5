"""``ingest``: repositories, folders and files into a collection, watched to the end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from src.cli import exits
from src.cli.client import ApiError, Client
from src.cli.collections import find_or_make
from src.cli.connection import connect
from src.cli.jobs import follow_job
from src.cli.main import Invocation
from src.cli.multipart import FilePart, UnreadableFileError
from src.cli.output import console, print_json
from src.cli.summary import show_outcome
from src.cli.targets import Target, batches, files_below, one_file, target_of
from src.core.errors import AppError, ConflictError, TooLargeError

_UNSOUND = ("failed", "quarantined")
_LEFT_OUT = ("skipped",)
_PAGE = 500


def run(invocation: Invocation) -> int:
    """0 where every document of every target was taken, 1 where a job or a document failed."""
    arguments = invocation.arguments
    targets = [target_of(text) for text in arguments.what]
    remote = bool(invocation.environment.get("STOA_URL"))
    with connect(invocation, work=True) as client:
        name = arguments.collection or targets[0].name
        collection_id = find_or_make(client, name)
        outcomes = [
            outcome
            for target in targets
            for outcome in _add(client, collection_id, target, arguments, remote=remote)
        ]
        result = {"collection": client.get(f"/collections/{collection_id}"), "outcomes": outcomes}
    if arguments.json:
        print_json(result)
    else:
        show_outcome(result)
    sound = all(not one["failed"] and one["job"]["state"] == "succeeded" for one in outcomes)
    return exits.OK if sound else exits.FAILED


def _add(
    client: Client, collection_id: str, target: Target, arguments: Any, *, remote: bool
) -> Iterator[dict[str, Any]]:
    path = Path(target.location)
    if target.kind == "file":
        yield from _upload(client, collection_id, target, [one_file(path)])
        return
    is_url = not path.is_absolute()
    if is_url or not (arguments.upload or remote):
        try:
            yield _sync(client, collection_id, target, arguments)
        except ApiError as error:
            if error.code != "outside_roots":
                raise
            console(error=True).print(
                f"The server may not read {target.location}: its files are sent to it instead. To have it "
                f"kept up to date, start the server with STOA_FOLDER_ROOTS={path.parent}.",
                style="yellow",
            )
        else:
            return
    found = files_below(path, arguments.include or (), arguments.exclude or ())
    yield from _upload(client, collection_id, target, found)


def _sync(client: Client, collection_id: str, target: Target, arguments: Any) -> dict[str, Any]:
    """Add the source, or bring it up to date where the collection has it already."""
    followed = _followed(client, collection_id, target, arguments)
    if followed is not None:
        accepted = client.post(f"/sources/{followed['id']}:sync")
    else:
        body = {
            "kind": target.kind,
            "location": target.location,
            "branch": arguments.branch,
            "include": arguments.include,
            "exclude": arguments.exclude,
        }
        given = {name: value for name, value in body.items() if value is not None}
        accepted = client.post(f"/collections/{collection_id}/sources", given)
    job = follow_job(client, accepted["job_id"], target.name)
    source_id = accepted["source_id"]
    return {
        "target": target.location,
        "job": job,
        "source": client.get(f"/sources/{source_id}"),
        "failed": _in_state(client, collection_id, _UNSOUND, source_id=source_id),
        "skipped": _in_state(client, collection_id, _LEFT_OUT, source_id=source_id),
    }


def _followed(client: Client, collection_id: str, target: Target, arguments: Any) -> dict[str, Any] | None:
    """The source of the collection that is this target. Raises ConflictError where it has other globs."""
    for source in client.items(f"/collections/{collection_id}/sources"):
        if source["location"] != target.address or source["branch"] != arguments.branch:
            continue
        for option in ("include", "exclude"):
            given = getattr(arguments, option)
            if given is not None and given != source[option]:
                raise ConflictError(
                    f"The collection follows {target.address} with other patterns (--{option}). Leave them "
                    "out to bring it up to date, or remove that source first."
                )
        found: dict[str, Any] = source
        return found
    return None


def _upload(
    client: Client, collection_id: str, target: Target, files: Iterable[FilePart]
) -> Iterator[dict[str, Any]]:
    """Send everything first, so that the server works while more comes in, then watch."""
    refused: list[dict[str, Any]] = []
    parts = [_send(client, collection_id, batch, refused) for batch in batches(iter(files))]
    accepted = [part for batch in parts for part in batch]
    if refused:
        yield {"target": target.location, "job": None, "source": None, "failed": refused, "skipped": []}
    for number, part in enumerate(accepted, start=1):
        title = target.name if len(accepted) == 1 else f"{target.name} ({number} of {len(accepted)})"
        job = follow_job(client, part["job_id"], title)
        ids = {item["document_id"] for item in part["items"]}
        failed, skipped = (
            [one for one in _in_state(client, collection_id, states) if one["id"] in ids]
            for states in (_UNSOUND, _LEFT_OUT)
        )
        yield {
            "target": target.location,
            "job": job,
            "source": None,
            "failed": failed,
            "skipped": skipped,
        }


def _send(
    client: Client, collection_id: str, batch: list[FilePart], refused: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """What was accepted, in one part or several. A file that is too large or cannot be read goes into
    ``refused`` and holds no other back."""
    try:
        return [client.upload(f"/collections/{collection_id}/documents", batch)]
    except (ApiError, UnreadableFileError) as error:
        if error.code not in {TooLargeError.code, UnreadableFileError.code}:
            raise
        if len(batch) == 1:
            refused.append(_refusal(batch[0], error))
            return []
    middle = len(batch) // 2
    return [
        part
        for half in (batch[:middle], batch[middle:])
        for part in _send(client, collection_id, half, refused)
    ]


def _refusal(file: FilePart, error: AppError) -> dict[str, Any]:
    """As the API tells of a document that failed."""
    problem = {"stage": "upload", "code": error.code, "detail": error.detail, "attempts": 1}
    return {
        "external_id": file.name,
        "title": file.name,
        "path": file.name,
        "state": "refused",
        "error": problem,
    }


def _in_state(client: Client, collection_id: str, states: Sequence[str], **more: str) -> list[dict[str, Any]]:
    """The documents in these states, as the API tells of them."""
    return [
        document
        for state in states
        for document in client.items(
            f"/collections/{collection_id}/documents", state=state, limit=_PAGE, **more
        )
    ]
