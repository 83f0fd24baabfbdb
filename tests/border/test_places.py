"""Places: names that no file can bear, devices, folders that are none."""

import os
import stat
from pathlib import Path

import pytest

from policy_sim.border import InputError, check_place, find_file, is_file, is_folder, write_whole

ODD = ["x" * 300, "x/" * 3000 + "x", "a\x00b", "x" * 300 + "/y"]


@pytest.mark.parametrize("name", ODD)
def test_names_that_no_file_can_bear(tmp_path, name):
    place = tmp_path / name
    assert not is_file(place)
    assert not is_folder(place)
    for action in (lambda: check_place(place), lambda: write_whole(place, "x")):
        with pytest.raises(InputError, match="cannot write") as caught:
            action()
        assert str(caught.value).isprintable()
    with pytest.raises(InputError, match="does not exist"):
        find_file("policy", place, "data/policies", ".yaml")
    with pytest.raises(InputError, match="unknown policy"):
        find_file("policy", "x" * 300, "data/policies", ".yaml")


def test_the_longest_name_that_a_file_can_bear(tmp_path):
    write_whole(tmp_path / ("x" * 255), "x")
    assert os.listdir(tmp_path) == ["x" * 255]


def test_places_are_looked_at_before_the_work(tmp_path):
    (tmp_path / "file").touch()
    check_place(tmp_path / "file")
    check_place(tmp_path / "new" / "deep" / "x.json")
    assert os.listdir(tmp_path) == ["file"]
    with pytest.raises(InputError, match="is a file, not a folder"):
        check_place(tmp_path / "file" / "x.json")


def test_what_is_no_file_is_written_to_and_stays(tmp_path):
    """A link, so that a fault would not take the machine's own device away."""
    for name, is_full in (("null", False), ("full", True)):
        device = tmp_path / name
        device.symlink_to(f"/dev/{name}")
        if is_full:
            with pytest.raises(InputError, match="No space left on device"):
                write_whole(device, "x")
        else:
            write_whole(device, "x")
        assert device.is_symlink()
        assert stat.S_ISCHR(Path(f"/dev/{name}").stat().st_mode)
