"""The settings, from ``config.yaml`` and the environment; nothing else reads the environment.

A variable overrides the file. ``config.yaml.example`` lists every setting with its variable, and a
test holds the two together.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from .errors import ConfigurationError


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _variable(name: str) -> dict[str, Any]:
    return {"variable": name}


class Settings(BaseModel):
    """Every setting with its default. Times are seconds and sizes are bytes unless a name says otherwise."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    host: str = Field("127.0.0.1", json_schema_extra=_variable("STOA_HOST"))
    port: int = Field(5000, ge=0, le=65535, json_schema_extra=_variable("STOA_PORT"))
    data_dir: Path = Field(Path("data"), json_schema_extra=_variable("STOA_DATA_DIR"))
    admin_password: SecretStr | None = Field(None, json_schema_extra=_variable("STOA_ADMIN_PASSWORD"))
    sample: bool = Field(True, json_schema_extra=_variable("STOA_SAMPLE"))
    database_url: str | None = Field(None, json_schema_extra=_variable("STOA_DATABASE_URL"))
    chroma_url: str | None = Field(None, json_schema_extra=_variable("STOA_CHROMA_URL"))
    bus_url: str = Field("sql:", json_schema_extra=_variable("STOA_BUS_URL"))
    folder_roots: tuple[Path, ...] = Field((), json_schema_extra=_variable("STOA_FOLDER_ROOTS"))
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", json_schema_extra=_variable("STOA_LOG_LEVEL")
    )
    log_format: Literal["text", "json"] = Field("text", json_schema_extra=_variable("STOA_LOG_FORMAT"))

    llm: Literal["extractive", "anthropic", "openai"] | None = Field(
        None, json_schema_extra=_variable("STOA_LLM")
    )
    llm_model: str | None = Field(None, json_schema_extra=_variable("STOA_LLM_MODEL"))
    llm_citations: Literal["auto", "native", "markers"] = Field(
        "auto", json_schema_extra=_variable("STOA_LLM_CITATIONS")
    )
    llm_timeout_s: float = Field(120.0, gt=0, json_schema_extra=_variable("STOA_LLM_TIMEOUT_S"))
    llm_max_tokens: int = Field(1024, ge=16, le=32_000, json_schema_extra=_variable("STOA_LLM_MAX_TOKENS"))
    anthropic_api_key: SecretStr | None = Field(None, json_schema_extra=_variable("ANTHROPIC_API_KEY"))
    anthropic_base_url: str | None = Field(None, json_schema_extra=_variable("ANTHROPIC_BASE_URL"))
    openai_api_key: SecretStr | None = Field(None, json_schema_extra=_variable("OPENAI_API_KEY"))
    openai_base_url: str | None = Field(None, json_schema_extra=_variable("OPENAI_BASE_URL"))

    embedding_model: str = Field("all-MiniLM-L6-v2", json_schema_extra=_variable("STOA_EMBEDDING_MODEL"))
    embedding_precision: Literal["int8", "float32"] = Field(
        "int8", json_schema_extra=_variable("STOA_EMBEDDING_PRECISION")
    )
    embedding_threads: int = Field(0, ge=0, le=256, json_schema_extra=_variable("STOA_EMBEDDING_THREADS"))

    passage_tokens: int | None = Field(
        None, ge=96, le=8192, json_schema_extra=_variable("STOA_PASSAGE_TOKENS")
    )
    index_build_share: float = Field(
        0.5, ge=0.05, le=1, json_schema_extra=_variable("STOA_INDEX_BUILD_SHARE")
    )
    index_keep_s: float = Field(3 * 86_400.0, ge=0, json_schema_extra=_variable("STOA_INDEX_KEEP_S"))
    index_keep: int = Field(2, ge=0, json_schema_extra=_variable("STOA_INDEX_KEEP"))

    learning: bool = Field(True, json_schema_extra=_variable("STOA_LEARNING"))
    promotion: Literal["automatic", "manual"] = Field(
        "automatic", json_schema_extra=_variable("STOA_PROMOTION")
    )
    training_pause_s: float = Field(900.0, ge=0, json_schema_extra=_variable("STOA_TRAINING_PAUSE_S"))
    trial_pause_s: float = Field(1800.0, ge=0, json_schema_extra=_variable("STOA_TRIAL_PAUSE_S"))
    synthetic_passages: int = Field(20, ge=0, le=1000, json_schema_extra=_variable("STOA_SYNTHETIC_PASSAGES"))
    tuning: bool = Field(True, json_schema_extra=_variable("STOA_TUNING"))
    tuning_from: int = Field(500, ge=2, json_schema_extra=_variable("STOA_TUNING_FROM"))
    tuning_pause_s: float = Field(86_400.0, ge=0, json_schema_extra=_variable("STOA_TUNING_PAUSE_S"))
    tuning_negatives: int = Field(0, ge=0, le=1, json_schema_extra=_variable("STOA_TUNING_NEGATIVES"))
    training_threads: int = Field(1, ge=1, le=256, json_schema_extra=_variable("STOA_TRAINING_THREADS"))
    training_memory_bytes: int = Field(
        8 * 2**30, ge=2**30, json_schema_extra=_variable("STOA_TRAINING_MEMORY_BYTES")
    )

    max_file_bytes: int = Field(50 * 2**20, gt=0, json_schema_extra=_variable("STOA_MAX_FILE_BYTES"))
    max_request_bytes: int = Field(200 * 2**20, gt=0, json_schema_extra=_variable("STOA_MAX_REQUEST_BYTES"))
    max_unpacked_bytes: int = Field(200 * 2**20, gt=0, json_schema_extra=_variable("STOA_MAX_UNPACKED_BYTES"))
    max_pages: int = Field(2000, gt=0, json_schema_extra=_variable("STOA_MAX_PAGES"))
    parse_timeout_s: float = Field(60.0, gt=0, json_schema_extra=_variable("STOA_PARSE_TIMEOUT_S"))

    web_threads: int = Field(32, ge=4, le=512, json_schema_extra=_variable("STOA_WEB_THREADS"))
    max_streams: int = Field(128, ge=1, le=2048, json_schema_extra=_variable("STOA_MAX_STREAMS"))
    request_deadline_s: float = Field(30.0, gt=0, json_schema_extra=_variable("STOA_REQUEST_DEADLINE_S"))
    token_lifetime_s: int = Field(12 * 3600, gt=0, json_schema_extra=_variable("STOA_TOKEN_LIFETIME_S"))
    secure_cookies: bool = Field(False, json_schema_extra=_variable("STOA_SECURE_COOKIES"))

    delivery_attempts: int = Field(5, ge=1, le=100, json_schema_extra=_variable("STOA_DELIVERY_ATTEMPTS"))
    delivery_lease_s: float = Field(60.0, gt=0, json_schema_extra=_variable("STOA_DELIVERY_LEASE_S"))
    job_attempts: int = Field(10, ge=1, le=1000, json_schema_extra=_variable("STOA_JOB_ATTEMPTS"))
    job_lease_s: float = Field(30.0, gt=0, json_schema_extra=_variable("STOA_JOB_LEASE_S"))
    job_stuck_s: float = Field(180.0, gt=0, json_schema_extra=_variable("STOA_JOB_STUCK_S"))
    retention_days: int = Field(30, ge=1, json_schema_extra=_variable("STOA_RETENTION_DAYS"))

    alert_webhooks: tuple[SecretStr, ...] = Field((), json_schema_extra=_variable("STOA_ALERT_WEBHOOKS"))
    alert_webhook_secret: SecretStr | None = Field(
        None, json_schema_extra=_variable("STOA_ALERT_WEBHOOK_SECRET")
    )
    alert_webhook_timeout_s: float = Field(
        10.0, gt=0, le=25, json_schema_extra=_variable("STOA_ALERT_WEBHOOK_TIMEOUT_S")
    )
    alert_down_share: float = Field(0.4, ge=0, le=1, json_schema_extra=_variable("STOA_ALERT_DOWN_SHARE"))
    alert_refused_share: float = Field(
        0.5, ge=0, le=1, json_schema_extra=_variable("STOA_ALERT_REFUSED_SHARE")
    )
    alert_unsupported_share: float = Field(
        0.3, ge=0, le=1, json_schema_extra=_variable("STOA_ALERT_UNSUPPORTED_SHARE")
    )
    alert_question_drift: float = Field(
        0.15, ge=0, le=1, json_schema_extra=_variable("STOA_ALERT_QUESTION_DRIFT")
    )
    alert_score_drift: float = Field(0.25, ge=0, json_schema_extra=_variable("STOA_ALERT_SCORE_DRIFT"))
    alert_failed_share: float = Field(
        0.05, ge=0, le=1, json_schema_extra=_variable("STOA_ALERT_FAILED_SHARE")
    )
    alert_search_s: float = Field(2.0, ge=0, json_schema_extra=_variable("STOA_ALERT_SEARCH_S"))
    alert_answer_s: float = Field(30.0, ge=0, json_schema_extra=_variable("STOA_ALERT_ANSWER_S"))
    alert_queue_age_s: float = Field(300.0, ge=0, json_schema_extra=_variable("STOA_ALERT_QUEUE_AGE_S"))
    alert_job_wait_s: float = Field(3600.0, ge=0, json_schema_extra=_variable("STOA_ALERT_JOB_WAIT_S"))
    alert_dead_letters: int = Field(1, ge=0, json_schema_extra=_variable("STOA_ALERT_DEAD_LETTERS"))
    alert_stuck_jobs: int = Field(1, ge=0, json_schema_extra=_variable("STOA_ALERT_STUCK_JOBS"))
    alert_disk_free_bytes: int = Field(2**30, ge=0, json_schema_extra=_variable("STOA_ALERT_DISK_FREE_BYTES"))
    alert_memory_bytes: int = Field(4 * 2**30, ge=0, json_schema_extra=_variable("STOA_ALERT_MEMORY_BYTES"))
    alert_cost_usd: float = Field(0.0, ge=0, json_schema_extra=_variable("STOA_ALERT_COST_USD"))

    @field_validator("alert_webhooks", mode="before")
    @classmethod
    def _split_addresses(cls, value: object) -> object:
        return tuple(value.split()) if isinstance(value, str) else value

    @field_validator("alert_webhooks", mode="after")
    @classmethod
    def _check_addresses(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for number, address in enumerate(value, 1):
            # An address may hold a secret: it is named by its place, whatever is wrong with it.
            if not _is_web_address(address.get_secret_value()):
                raise ValueError(f"address {number} is not of the form https://host/path")
        return value

    @field_validator("folder_roots", mode="before")
    @classmethod
    def _split_roots(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(Path(part) for part in value.split(os.pathsep) if part)
        return value

    @field_validator("data_dir", "folder_roots", mode="after")
    @classmethod
    def _absolute(cls, value: Path | tuple[Path, ...]) -> Path | tuple[Path, ...]:
        if isinstance(value, Path):
            return value.expanduser().absolute()
        return tuple(path.expanduser().resolve() for path in value)

    @property
    def database(self) -> str:
        """The SQLAlchemy URL: the configured one, or SQLite in the data folder."""
        return self.database_url or f"sqlite:///{self.data_dir / 'stoa.sqlite3'}"

    @property
    def llm_provider(self) -> Literal["extractive", "anthropic", "openai"]:
        """The configured provider, or Claude where a key is set, else extracts."""
        if self.llm is not None:
            return self.llm
        return "anthropic" if self.anthropic_api_key else "extractive"

    @classmethod
    def variables(cls) -> dict[str, str]:
        """Each setting's name with the environment variable that overrides it."""
        named = {}
        for name, field in cls.model_fields.items():
            extra = field.json_schema_extra
            if isinstance(extra, dict):
                named[name] = str(extra["variable"])
        return named


def load_settings(config: Path | None = None, environment: Mapping[str, str] | None = None) -> Settings:
    """Read ``config.yaml`` (if it exists) and the environment; a variable set to nothing is not set.

    Raises ConfigurationError that names the file or the variable and what is wrong with it.
    """
    environ = os.environ if environment is None else environment
    path = config or Path(environ.get("STOA_CONFIG") or "config.yaml")
    values: dict[str, Any] = {}
    if path.exists():
        try:
            loaded = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise ConfigurationError(f"{path} cannot be read: {error}") from error
        if not isinstance(loaded, dict):
            raise ConfigurationError(f"{path} must hold settings as 'name: value' lines")
        values.update(loaded)
    elif config is not None or environ.get("STOA_CONFIG"):
        raise ConfigurationError(f"{path} does not exist; copy config.yaml.example there")
    for name, variable in Settings.variables().items():
        if environ.get(variable):
            values[name] = environ[variable]
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise ConfigurationError(_explain(error, path)) from error


def unknown_variables(environment: Mapping[str, str]) -> list[str]:
    """The variables that look like settings and are none, each with the one that may be meant."""
    known = {*Settings.variables().values(), "STOA_CONFIG", "STOA_URL", "STOA_TOKEN"}
    strangers = sorted(name for name in environment if name.startswith("STOA_") and name not in known)
    meant = {name: get_close_matches(name, known, n=1) for name in strangers}
    return [f"{name} (perhaps {meant[name][0]})" if meant[name] else name for name in strangers]


def _explain(error: ValidationError, path: Path) -> str:
    names = Settings.variables()
    lines = []
    for problem in error.errors(include_input=False, include_url=False):
        name = str(problem["loc"][0]) if problem["loc"] else "?"
        where = f"{name} ({names[name]})" if name in names else f"{name} (in {path})"
        lines.append(f"setting {where}: {problem['msg']}")
    return "; ".join(lines)
