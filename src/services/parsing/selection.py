"""Which files of a source are left out before anything is read of them but their beginning."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from .signatures import HEAD_BYTES, binary_mark, identify

__all__ = ["HEAD_BYTES", "skip_reason"]

# fmt: off
_LOCK_FILES = frozenset((
    "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb",
    "poetry.lock", "uv.lock", "pdm.lock", "pipfile.lock", "cargo.lock", "composer.lock", "gemfile.lock",
    "go.sum", "flake.lock", "mix.lock", "pubspec.lock", "podfile.lock", "packages.lock.json",
    "gradle.lockfile", "deno.lock", "conda-lock.yml", "package.resolved",
))
# fmt: on
_GENERATED_NAME = re.compile(
    r"(_pb2(_grpc)?\.pyi?|\.pb\.(go|cc|h)|_pb\.(js|d\.ts)|\.g\.dart|\.designer\.cs|\.g\.cs|_generated\.\w+)$"
)
_MINIFIED_NAME = re.compile(r"[.-]min\.(js|mjs|css|html)$|\.bundle\.js$")
_GENERATED_MARK = re.compile(rb"@generated\b|\bDO NOT EDIT\b")
_COMMENT = re.compile(rb"^\s*(#|//|/\*|\*|--|;|<!--|%|\"\"\"|''')")
_SCRIPTS = frozenset({".js", ".mjs", ".cjs", ".css", ".ts", ".html", ".json"})
_REFUSED = {
    "archive": ("archive", "The file is {}; archives are not unpacked."),
    "office": ("unsupported", "The file is {}, a format that is not read."),
    "binary": ("binary", "The file is {}."),
}
_MEGABYTE = 2**20


def skip_reason(
    path: str, size: int, head: bytes, *, max_bytes: int = 50 * _MEGABYTE
) -> tuple[str, str] | None:
    """Why the file is left out, as a stable code and a sentence, or None where it is wanted.

    ``head`` is the file's beginning (``HEAD_BYTES`` are enough), ``size`` its whole size in bytes.
    Codes: ``empty``, ``lfs_pointer``, ``too_large``, ``generated``, ``minified``, ``archive``,
    ``unsupported``, ``binary``.
    """
    name = PurePosixPath(path.replace("\\", "/")).name.lower()
    if size == 0 or not head.strip():
        return "empty", "The file is empty."
    if head.startswith(b"version https://git-lfs.github.com/spec/"):
        return "lfs_pointer", "The file is a Git LFS pointer; its content is not in the repository."
    if size > max_bytes:
        return (
            "too_large",
            f"The file has {size / _MEGABYTE:.1f} MB; files up to {max_bytes / _MEGABYTE:g} MB are read.",
        )
    return _by_content(name, head) or _generated(name, head) or _minified(name, head)


def _by_content(name: str, head: bytes) -> tuple[str, str] | None:
    signature = identify(head, name)
    if signature is not None:
        if signature.family not in _REFUSED:
            return None
        code, sentence = _REFUSED[signature.family]
        return code, sentence.format(signature.label)
    if mark := binary_mark(head):
        return "binary", f"The file holds {mark}, as no text does."
    if name.endswith(".svg"):
        return "unsupported", "The file is a drawing (SVG), a format that is not read."
    return None


def _generated(name: str, head: bytes) -> tuple[str, str] | None:
    if name in _LOCK_FILES:
        return "generated", "The file is a lock file, written by a package manager."
    if name.endswith(".map") and head.lstrip()[:1] == b"{":
        return "generated", "The file is a source map, written by a build tool."
    if _GENERATED_NAME.search(name):
        return "generated", "The file's name says that a tool generated it."
    if not name.endswith((".md", ".rst", ".txt", ".html", ".pdf", ".docx", ".ipynb")):
        first = [line for line in head.split(b"\n", 12)[:12] if _COMMENT.match(line)]
        if _GENERATED_MARK.search(b"\n".join(first)):
            return "generated", "A comment at the top says that a tool generated the file."
    return None


def _minified(name: str, head: bytes) -> tuple[str, str] | None:
    if _MINIFIED_NAME.search(name):
        return "minified", "The file's name says that it is minified."
    suffix = PurePosixPath(name).suffix
    if suffix in _SCRIPTS - {".json", ".html"} and len(head) > 2000:
        lines = head.count(b"\n") + 1
        if len(head) / lines > 400:
            return "minified", "The file's lines are so long that it must be minified."
    return None
