from __future__ import annotations

from pathlib import Path

import pytest

from src.core.errors import SourceError
from src.services.sources.roots import Roots


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "inside").mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    return root


def refused(roots: Roots, location: str) -> SourceError:
    with pytest.raises(SourceError) as refusal:
        roots.admit(location)
    return refusal.value


def test_a_path_below_a_root_is_admitted_and_resolved(root: Path) -> None:
    (root / "link").symlink_to(root / "inside")
    roots = Roots((root,))
    assert roots.admit(str(root)) == root
    assert roots.admit(f"{root}/inside/../link/") == root / "inside"


def test_a_path_outside_is_refused_in_the_same_words_whether_it_exists_or_not(root: Path) -> None:
    roots = Roots((root,))
    there = refused(roots, str(root.parent / "outside"))
    missing = refused(roots, str(root.parent / "missing"))
    assert there.code == missing.code == "outside_roots"
    assert there.detail.replace("outside is", "") == missing.detail.replace("missing is", "")


@pytest.mark.parametrize("way", ["{root}/../outside", "{root}/link", "{root}/link/..", "{root}-neighbour"])
def test_no_way_around_leads_outside(root: Path, way: str) -> None:
    (root / "link").symlink_to(root.parent / "outside")
    (root.parent / "root-neighbour").mkdir()
    assert refused(Roots((root,)), way.format(root=root)).code == "outside_roots"


@pytest.mark.parametrize("location", ["", "inside", "./inside", "~", "/a\x00b", "/a\nb", "/\udcff"])
def test_only_an_absolute_path_without_controls_is_looked_at(root: Path, location: str) -> None:
    assert refused(Roots((root,)), location).code == "bad_location"


def test_without_roots_nothing_is_admitted_and_the_setting_is_named(root: Path) -> None:
    assert "STOA_FOLDER_ROOTS" in refused(Roots(()), str(root)).detail


def test_a_closed_folder_below_a_root_is_refused(root: Path) -> None:
    (root / "link").symlink_to(root / "inside")
    roots = Roots((root,), closed=(root / "inside",))
    for location in ("inside", "inside/deeper", "link"):
        assert refused(roots, str(root / location)).code == "outside_roots"
    assert roots.admit(str(root)) == root


def test_a_loop_of_links_is_no_way_in(root: Path) -> None:
    (root / "a").symlink_to(root / "b")
    (root / "b").symlink_to(root / "a")
    assert refused(Roots((root,)), str(root / "a" / "x")).code == "bad_location"
