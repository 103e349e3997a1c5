"""A server of its own for one simulation: a real process with an empty data folder."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from src.cli.client import Client
from src.cli.instance import find
from src.cli.tokens import local_token
from src.core.errors import UnavailableError
from src.core.settings import Settings

_RUN = Path(__file__).resolve().parents[3] / "run.py"
_END_S = 30.0
_PASSED_ON = ("embedding_model", "embedding_precision", "embedding_threads")


@contextmanager
def own_server(
    settings: Settings, environment: Mapping[str, str], *, folder: Path | None = None
) -> Iterator[Client]:
    """A client of a server that runs meanwhile, in ``folder`` or in a temporary one. Of the settings it has
    those of the embedding model; models that were fetched or made before are used.

    Raises UnavailableError with what the server said where it does not start.
    """
    with tempfile.TemporaryDirectory(prefix="stoa-simulation-") as temporary:
        data = folder or Path(temporary) / "data"
        data.mkdir(parents=True, exist_ok=True)
        models = settings.data_dir / "models"
        if models.is_dir() and not (data / "models").exists():
            (data / "models").symlink_to(models.resolve(), target_is_directory=True)
        empty = Path(temporary) / "config.yaml"
        empty.write_text("", encoding="utf-8")
        log = Path(temporary) / "server.log"
        with (
            log.open("wb") as errors,
            subprocess.Popen(
                [sys.executable, str(_RUN), "--config", str(empty), "all"],
                env=_environment(settings, environment, data),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
            ) as process,
        ):
            try:
                if not (process.stdout and process.stdout.readline().startswith(b"ready ")):
                    said = log.read_text(encoding="utf-8", errors="replace").strip()
                    raise UnavailableError(f"The server did not start: {said[-2000:] or 'it said nothing'}")
                yield _administrator(data)
            finally:
                _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_END_S)
    except subprocess.TimeoutExpired:
        process.kill()


def _environment(settings: Settings, environment: Mapping[str, str], data: Path) -> dict[str, str]:
    variables = Settings.variables()
    inherited = {
        name: value
        for name, value in environment.items()
        if not name.startswith("STOA_") and name not in variables.values()
    }
    passed_on = {variables[name]: str(getattr(settings, name)) for name in _PASSED_ON}
    return {
        **inherited,
        **passed_on,
        "STOA_DATA_DIR": str(data),
        "STOA_PORT": "0",
        "STOA_SAMPLE": "0",
        "STOA_LLM": "extractive",
        "STOA_TRAINING_PAUSE_S": "0",  # weeks of votes come within minutes
        "STOA_TRIAL_PAUSE_S": "0",
    }


def _administrator(data: Path) -> Client:
    """As the first administrator, by a token that outlives the longest simulation."""
    instance = find(data)
    if instance is None:
        raise UnavailableError("The server ended right after its start.")
    first = Client(instance.url, local_token(data, instance.user_id))
    made = first.post("/tokens", {"name": "simulation", "expires_in_days": 2})
    return Client(instance.url, made["token"])
