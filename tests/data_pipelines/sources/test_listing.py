"""Finding clips and telling persons apart."""

import pytest

from data_pipelines.sources.listing import clip_stem, find_clips, group_by_identity


def touch(folder, *names):
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_bytes(b"")


def names(paths):
    return [path.name for path in paths]


def test_folder_is_sorted_and_takes_videos_only(tmp_path):
    touch(tmp_path, "b.mp4", "a.MOV", "c.webm", "d.avi", "e.mkv", "f.txt", ".g.mp4")
    touch(tmp_path / "images", "0.png")
    touch(tmp_path / "notes", "readme.md")
    found = names(find_clips(tmp_path))
    assert found == ["a.MOV", "b.mp4", "c.webm", "d.avi", "e.mkv", "images"]


def test_split_is_a_sub_folder_and_nothing_else(tmp_path):
    touch(tmp_path / "train", "a.mp4")
    touch(tmp_path / "val", "b.mp4")
    assert names(find_clips(tmp_path, "train")) == ["a.mp4"]
    assert names(find_clips(str(tmp_path), "val")) == ["b.mp4"]
    with pytest.raises(FileNotFoundError, match="test: no such"):
        find_clips(tmp_path, "test")
    with pytest.raises(FileNotFoundError, match="sub-folders train, val: set split"):
        find_clips(tmp_path)


def test_files(tmp_path):
    touch(tmp_path, "b.mp4", "a.mp4")
    assert names(find_clips(tmp_path / "b.mp4")) == ["b.mp4"]
    both = (tmp_path / "b.mp4", str(tmp_path / "a.mp4"))
    assert names(find_clips(both)) == ["b.mp4", "a.mp4"]
    with pytest.raises(ValueError, match="split 'train' needs a folder"):
        find_clips(tmp_path / "b.mp4", "train")
    with pytest.raises(ValueError, match=r"more than once: .*b\.mp4"):
        find_clips((tmp_path / "b.mp4", tmp_path / "b.mp4"))
    with pytest.raises(FileNotFoundError, match=r"c\.mp4: no such"):
        find_clips((tmp_path / "c.mp4",))
    with pytest.raises(FileNotFoundError, match="at least one"):
        find_clips(())


def test_persons(tmp_path):
    touch(
        tmp_path,
        "id10#x#0#9.mp4",
        "id1#y#3#5.mp4",
        "id1#x#0#9.mp4",
        "plain.mp4",
        "id1.mp4",
        "plain.avi",
    )
    clips = find_clips(tmp_path)
    groups = [[clips[row].name for row in rows] for rows in group_by_identity(clips)]
    assert groups == [
        ["id1#x#0#9.mp4", "id1#y#3#5.mp4"],
        ["id1.mp4"],
        ["id10#x#0#9.mp4"],
        ["plain.avi"],
        ["plain.mp4"],
    ]


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("a.b.c.mp4", "a.b.c"),
        ("id#v.1#0#9.MP4", "id#v.1#0#9"),
        ("frames.v2", "frames.v2"),
    ],
)
def test_stem_loses_the_last_extension_only(tmp_path, name, stem):
    assert clip_stem(tmp_path / name) == stem
