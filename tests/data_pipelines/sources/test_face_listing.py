"""Files of faces and the persons on them."""

import numpy as np
import pytest

from data_pipelines.sources.face_listing import (
    choose_people,
    find_pictures,
    name_people,
)

FILES = (
    "train/b/2.mp4",
    "train/a/1.png",
    "val/c/M003_x.jpg",
    "train/b/x.txt",
    ".h.png",
)


@pytest.fixture
def root(tmp_path):
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def test_folders_are_searched_in_order(root):
    found = [str(path.relative_to(root)) for path in find_pictures(root)]
    assert found == ["train/a/1.png", "train/b/2.mp4", "val/c/M003_x.jpg"]
    assert len(find_pictures(root, "val")) == 1
    single = root / "train/a/1.png"
    assert find_pictures(single) == (single,)


def test_people_by_each_rule(root, tmp_path):
    files = find_pictures(root)
    assert len(set(name_people(files, root, "files"))) == 3
    assert name_people(files, root, "folders") == ["train/a", "train/b", "val/c"]
    assert name_people(files, root, "prefixes") == ["1.png", "2.mp4", "M003"]
    table = tmp_path / "people.txt"
    table.write_text("1.png 7\nM003_x.jpg 7\n2.mp4 8\n")
    assert name_people(files, root, table) == ["7", "8", "7"]
    table.write_text("1.png 7\n")
    with pytest.raises(ValueError, match=r"2 are missing, the first is 2\.mp4"):
        name_people(files, root, table)
    table.write_text("1.png 7\nonly\n")
    with pytest.raises(ValueError, match="line 2: expected FILE PERSON, got 'only'"):
        name_people(files, root, table)
    with pytest.raises(FileNotFoundError, match="no such list of people"):
        name_people(files, root, "persons")


def test_shares_are_disjoint_complete_and_independent_of_order():
    people = [f"person {number}" for number in range(50)]
    train = choose_people(people, share=(0, 0.8))
    held_out = choose_people(people, share=(0.8, 1))
    assert len(train) == 40 and not train & held_out
    assert train | held_out == set(people)
    shuffled = np.random.default_rng(0).permutation(people).tolist()
    assert choose_people(shuffled * 2, share=(0, 0.8)) == train
    assert choose_people(people, names=("person 3",)) == {"person 3"}


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"names": ("x",)}, "there is nobody called x"),
        ({"share": (0.5, 0.5)}, r"expected two increasing numbers of 0\.\.1"),
        ({"share": (0.0, 1.5)}, r"expected two increasing numbers of 0\.\.1"),
        ({"share": (0.0, 0.1)}, r"share: \(0.0, 0.1\) of 2 persons are none"),
    ],
)
def test_nobody_is_an_error(keywords, message):
    with pytest.raises(ValueError, match=message):
        choose_people(["a", "b"], **keywords)


def test_nothing_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such picture, clip or folder"):
        find_pictures(tmp_path, "val")
    with pytest.raises(FileNotFoundError, match=r"expected pictures or clips \(\.png"):
        find_pictures(tmp_path)
