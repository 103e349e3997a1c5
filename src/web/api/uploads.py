"""Reading uploaded files from a multipart body."""

from __future__ import annotations

from contextlib import ExitStack
from tempfile import SpooledTemporaryFile
from typing import IO

from flask import current_app, request
from pydantic import ValidationError
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser

from src.core.errors import (
    FieldProblem,
    InvalidRequestError,
    MalformedBodyError,
    TooLargeError,
    UnsupportedMediaError,
)
from src.core.messages.documents import UploadedFile
from src.web.problems import invalid

MEDIA_TYPE = "multipart/form-data"
_IN_MEMORY = 2**20


def uploaded_files() -> list[UploadedFile]:
    """The parts named ``files``, with their content; parts without a file name are left out, as browsers
    send one where nothing was chosen.

    Raises UnsupportedMediaError for another body, MalformedBodyError for a broken one, TooLargeError, and
    InvalidRequestError for parts of another name.
    """
    if request.mimetype != MEDIA_TYPE:
        raise UnsupportedMediaError(f"Send the files as {MEDIA_TYPE}, each as a part named 'files'.")
    with ExitStack() as opened:

        def store(*_: object, **__: object) -> IO[bytes]:
            return opened.enter_context(SpooledTemporaryFile(max_size=_IN_MEMORY))

        return _parse(
            FormDataParser(
                store,
                max_form_memory_size=request.max_form_memory_size,
                max_form_parts=request.max_form_parts,
                silent=False,
            )
        )


def _parse(parser: FormDataParser) -> list[UploadedFile]:
    try:
        _, fields, files = parser.parse(
            request.stream, MEDIA_TYPE, request.content_length, dict(request.mimetype_params)
        )
    except RequestEntityTooLarge:
        limit = current_app.config["MAX_CONTENT_LENGTH"]
        raise TooLargeError(
            f"The upload is larger than {limit} bytes or has more than {request.max_form_parts} parts."
        ) from None
    except ValueError as error:
        raise MalformedBodyError(f"The multipart body cannot be read: {error}.") from None
    stray = [name for name in (*fields, *files) if name != "files"]
    if stray:
        raise InvalidRequestError(
            "Send each file as a part named 'files'.",
            fields=tuple(FieldProblem(name or "body", "Unknown part") for name in stray[:100]),
        )
    try:
        return [
            UploadedFile(name=file.filename, media_type=file.mimetype or None, content=file.read())
            for file in files.getlist("files")
            if file.filename
        ]
    except ValidationError as error:
        raise invalid(error, prefix=("files",)) from None
