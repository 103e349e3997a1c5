"""``learn train`` and its lists: what is learned from ratings, from the terminal."""

from __future__ import annotations

import json
import sys
from typing import Any
from urllib.parse import quote

from src.cli import exits
from src.cli.client import Client
from src.cli.collections import id_of
from src.cli.connection import connect
from src.cli.jobs import follow_job
from src.cli.main import Invocation
from src.cli.output import console, print_json, printable


def run(invocation: Invocation) -> int:
    """Print the lists, or a run; train: 0 where a candidate came out, 1 where it was refused or failed."""
    arguments = invocation.arguments
    with connect(invocation, work=arguments.action == "train") as client:
        if arguments.action == "train":
            return _train(client, arguments)
        if arguments.action == "examples":
            for example in client.items(f"/datasets/{quote(arguments.id, safe='')}/examples", limit=500):
                sys.stdout.write(json.dumps(example, ensure_ascii=False) + "\n")
            return exits.OK
        if arguments.action == "run":
            return _show_run(client.get(f"/training-runs/{quote(arguments.id, safe='')}"), arguments)
        path = {"runs": "/training-runs", "datasets": "/datasets"}[arguments.action]
        given = arguments.collection
        collection_id = id_of(client, given) if given is not None else None
        found = list(client.items(path, collection_id=collection_id, limit=500))
    if arguments.json:
        print_json(found)
    else:
        (_show_runs if arguments.action == "runs" else _show_datasets)(found)
    return exits.OK


def _train(client: Client, arguments: Any) -> int:
    body = {
        "collection_id": id_of(client, arguments.collection),
        "trainer": arguments.trainer,
        "seed": arguments.seed,
    }
    job_id = client.post("/training-runs", body)["job_id"]
    job = follow_job(client, job_id, "Training")
    runs = client.items("/training-runs", collection_id=body["collection_id"], limit=20)
    made = next((one for one in runs if one["job_id"] == job_id), None)
    if arguments.json:
        print_json(made)
    elif made is not None:
        _show_runs([made])
    else:
        console(error=True).print(f"The job {job['state']} before it began.", style="red")
    return exits.OK if made is not None and made["model_id"] is not None else exits.FAILED


def _show_runs(runs: list[dict[str, Any]]) -> None:
    out = console()
    if not runs:
        out.print("There are no training runs.")
    for one in runs:
        style = {"succeeded": "green", "failed": "red"}.get(one["state"], "yellow")
        out.print(one["id"], style="bold", end="")
        out.print(f"  {one['state']}", style=style, end="")
        out.print(f"  {one['created_at'][:19]}Z  {printable(one['trainer'])}: {_why(one)}")
        if one["reason"]:
            out.print(f"     {printable(one['reason'])}")
        change = one["figures"].get("against_default", {})
        for part in ("all", "seen", "unseen"):
            if sentence := change.get(part, {}).get("sentence"):
                out.print(f"     {part:6} {printable(sentence)}")
        for finding in one["findings"]:
            out.print(f"     {printable(finding['detail'])}", style="red" if finding["fatal"] else "dim")
        if made := one["configuration"].get("synthetic"):
            out.print(f"     made-up questions: {printable(_made(made))}", style="dim")
        if one["model_id"]:
            out.print(f"     model {one['model_id']}", style="dim")


def _show_run(one: dict[str, Any], arguments: Any) -> int:
    """One run with its curves, as far as it drew any."""
    if arguments.json:
        print_json(one)
        return exits.OK
    _show_runs([one])
    out, curves = console(), one["curves"]
    for tried in curves.get("penalty") or ():
        chosen = "  chosen" if tried["penalty"] == curves.get("chosen_penalty") else ""
        out.print(
            f"     penalty {tried['penalty']:<8g} held-out loss {tried['loss']:.4f}{chosen}", style="dim"
        )
    for number, fold in enumerate(curves.get("adapter") or (), start=1):
        best = fold["best_epoch"]
        reached = " ".join(f"{value:.4f}" for value in fold["ndcg"])
        out.print(f"     adapter, fold {number}: nDCG@10 {reached}; epoch {best} is kept", style="dim")
    if losses := curves.get("loss"):
        out.print(f"     embedding model: loss {losses[0]:.4f} to {losses[-1]:.4f}", end="", style="dim")
        out.print(f" in {len(losses)} steps", style="dim")
    out.print(f"     seed {one['seed']}, data set {one['dataset_id'] or 'none'}", style="dim")
    return exits.OK


def _made(told: dict[str, Any]) -> str:
    if told.get("unavailable"):
        return str(told["unavailable"])
    cost = f", ${told['cost_usd']:.4f}" if told["cost_usd"] is not None else ""
    tokens = told["input_tokens"] + told["output_tokens"]
    return f"{told['usable']} of {told['made']} by {told['model']} are of use; {tokens} tokens{cost}"


def _why(one: dict[str, Any]) -> str:
    return printable(str(one["configuration"].get("why", "")))


def _show_datasets(datasets: list[dict[str, Any]]) -> None:
    out = console()
    if not datasets:
        out.print("There are no data sets.")
    for one in datasets:
        counts = one["counts"]
        out.print(one["id"], style="bold", end="")
        out.print(
            f"  version {one['version']}  {one['created_at'][:19]}Z  {counts['taken']} of {counts['votes']} "
            f"votes on {counts['questions']} questions by {counts['readers']} readers"
        )
        for reason, count in counts["excluded"].items():
            out.print(f"     {count} left out: {printable(reason)}", style="dim")
        for origin, name in (("synthetic", "made-up questions"), ("negative", "hard negatives")):
            if origin in counts:
                out.print(f"     {counts[origin]['taken']} {name} beside them", style="dim")
