"""The folders of this machine that an administrator allows to be read, and nothing besides."""

from __future__ import annotations

from pathlib import Path

from src.core.errors import SourceError

from .paths import holds_control


class Roots:
    """Admits paths at or below ``folders``, after every symbolic link is followed.

    Never what is at or below ``closed``: Stoa's own data, where documents of every collection and the
    secret key lie.
    """

    def __init__(self, folders: tuple[Path, ...], closed: tuple[Path, ...] = ()) -> None:
        self._folders = folders
        self._closed = closed

    def admit(self, location: str) -> Path:
        """Return the real path. Raises SourceError, in the same words whether or not the path exists."""
        if not location.startswith("/") or holds_control(location):
            raise SourceError("bad_location", "Give the absolute path of a folder on the server.")
        if not self._folders:
            raise SourceError(
                "outside_roots",
                "No folder of this server may be read yet; an administrator names the allowed ones in "
                "'folder_roots' (STOA_FOLDER_ROOTS).",
            )
        try:
            real = Path(location).resolve()
        except (OSError, RuntimeError) as error:
            raise SourceError("bad_location", "The path cannot be followed to a folder.") from error
        if not self.contain(real) or holds_control(str(real)):
            raise SourceError(
                "outside_roots",
                f"{location} is not below a folder that may be read; an administrator names those in "
                "'folder_roots' (STOA_FOLDER_ROOTS).",
            )
        return real

    def contain(self, real: Path) -> bool:
        """Whether a path without symbolic links is at or below a root, and not closed."""
        return not self.closes(real) and _below(real, self._folders)

    def closes(self, real: Path) -> bool:
        """Whether a path without symbolic links is at or below a closed folder."""
        return _below(real, self._closed)


def _below(real: Path, folders: tuple[Path, ...]) -> bool:
    return any(real.is_relative_to(folder.resolve()) for folder in folders)
