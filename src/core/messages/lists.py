"""What every list request takes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

Limit = Annotated[int, Field(ge=1, le=500, description="How many items at most.")]
Cursor = Annotated[
    str | None, Field(max_length=400, description="The `next` of the page before, to go on from there.")
]
