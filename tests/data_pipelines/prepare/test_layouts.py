"""What every layout finds in a replica of its data set."""

import pytest

from data_pipelines.prepare.entries import SPLITS, split_of_person
from data_pipelines.prepare.layouts import LAYOUTS, find_layout
from face_jax.latent_ofer.labels import label_map
from tests.data_pipelines.prepare.replicas import BUILDERS, lrs2

FOUND = {
    "videos": [
        ("ann/a.mp4", None, "ann", ""),
        ("ann/b.mp4", None, "ann", ""),
        ("bob/broken.mp4", None, "bob", ""),
        ("bob/c.mp4", None, "bob", ""),
        ("bob/copy.mp4", None, "bob", ""),
        ("bob/faceless.mp4", None, "bob", ""),
    ],
    "voxceleb": [
        ("test/id2#x#1#6.mp4", "test", "id2", ""),
        ("train/id1#x#1#6.mp4", "train", "id1", ""),
        ("train/id1#y#1#6.mp4", "train", "id1", ""),
        ("train/id3#y#1#6", "train", "id3", ""),
    ],
    "lrs": [
        ("test/other/2.mp4", "test", "other", ""),
        ("trainval/speaker/1.mp4", "train", "speaker", ""),
    ],
    "mead": [
        ("M003/video/front/happy/level_1/001.mp4", "train", "M003", "happiness"),
        ("M005/video/front/happy/level_1/001.mp4", "test", "M005", "happiness"),
        ("M013/video/front/happy/level_1/001.mp4", "validation", "M013", "happiness"),
    ],
    "ffhq": [(f"00000/0000{n}.png", None, f"00000/0000{n}.png", "") for n in range(4)],
    "celeba": [
        ("img_align_celeba/000000.jpg", "train", "10", ""),
        ("img_align_celeba/000001.jpg", "validation", "11", ""),
        ("img_align_celeba/000002.jpg", "test", "12", ""),
    ],
    "raf_db": [
        (f"Image/aligned/{name}_aligned.jpg", split, None, label)
        for name, split, label in (
            ("test_0001", "test", "surprise"),
            ("test_0002", "test", "fear"),
            ("train_00001", "train", "happiness"),
            ("train_00002", "train", "neutral"),
        )
    ],
    "affectnet": [
        ("train_set/images/1.jpg", "train", None, "happiness"),
        ("val_set/images/3.jpg", "test", None, "contempt"),
        ("val_set/images/4.jpg", "test", None, "anger"),
    ],
    "kdef": [
        ("AF01/AF01HAS.JPG", None, "F01", "happiness"),
        ("AM02/AM02AFFR.JPG", None, "M02", "fear"),
        ("BF01/BF01NEHL.JPG", None, "F01", "neutral"),
    ],
    "fed_ro": [
        ("Happy/2.jpg", "test", None, "happiness"),
        ("angry/1.jpg", "test", None, "anger"),
    ],
}
"""(file, split, person, label); None: of the person, or the file itself."""

SKIPPED = {
    "mead": ["M003/video/front/other/001.mp4"],
    "celeba": ["img_align_celeba/000003.jpg"],
    "affectnet": ["train_set/images/2.jpg"],
    "kdef": ["AF01/thumbnail.JPG"],
    "fed_ro": ["unsure/3.jpg"],
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_files_are_found_with_what_is_known(name, tmp_path):
    BUILDERS[name](tmp_path)
    listing = find_layout(name)(tmp_path)
    entries = listing.entries
    expected = [
        (file, split or split_of_person(person), person or file, label)
        for file, split, person, label in FOUND[name]
    ]
    assert [(e.file, e.split, e.person, e.label) for e in entries] == expected
    assert [file for file, _ in listing.skipped] == SKIPPED.get(name, [])
    labels = {entry.label for entry in entries} - {""}
    assert labels <= set(LAYOUTS[name].labels)


def test_lists_of_lrs2(tmp_path):
    lrs2(tmp_path)
    listing = find_layout("lrs")(tmp_path)
    splits = {entry.file: entry.split for entry in listing.entries}
    assert splits == {
        "main/5/1.mp4": "train",
        "main/6/1.mp4": "validation",
        "main/7/1.mp4": "test",
    }
    assert listing.skipped == (
        ("main/5/2.mp4", "in none of train.txt, val.txt, test.txt"),
        ("main/5/9.mp4", "listed, but there is no such file"),
    )


@pytest.mark.parametrize("name", [n for n in LAYOUTS if n not in ("videos", "ffhq")])
def test_folders_of_another_layout_are_told(name, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b.mp4").write_bytes(b"")
    with pytest.raises(FileNotFoundError, match="expected"):
        find_layout(name)(tmp_path)


def test_persons_are_divided_by_their_names_alone():
    splits = [split_of_person(f"person {number}") for number in range(2000)]
    shares = [splits.count(split) / len(splits) for split in SPLITS]
    assert abs(shares[0] - 0.9) < 0.03 and min(shares[1:]) > 0.03
    assert split_of_person("person 7") == splits[7]


def test_labels_are_those_that_recognisers_know():
    names = {"affectnet": "affectnet_8"}
    for name in ("raf_db", "affectnet", "kdef", "fed_ro"):
        known = label_map(names.get(name, name)).classes
        assert LAYOUTS[name].labels == known, name


def test_unknown_layouts_are_refused():
    with pytest.raises(ValueError, match=r"expected one of videos, .*, got 'x'"):
        find_layout("x")
