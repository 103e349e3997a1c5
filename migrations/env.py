"""Runs migrations on the engine that the caller put into the configuration."""

from __future__ import annotations

from alembic import context

from src.database.engine import WRITES, make_engine
from src.database.models import Base

engine = context.config.attributes.get("engine")
if engine is None:
    # Only for `alembic revision` typed by a developer: the product always passes its engine.
    engine = make_engine(context.get_x_argument(as_dictionary=True)["url"])

with engine.connect() as plain:
    connection = plain.execution_options(**{WRITES: True})
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()
