"""Tiny data sets in the layouts of their owners, some of their files broken."""

import dataclasses
from pathlib import Path

import cv2
import numpy as np

from data_pipelines.prepare.examining import Source
from data_pipelines.prepare.layouts import LAYOUTS, find_layout
from data_pipelines.prepare.preparation import Preparation, prepare
from data_pipelines.video import VideoWriter, write_image
from tests.data_pipelines.synth.plain_face import plain_face

SIZE, FRAMES = 64, 6


def face(number: int) -> tuple[np.ndarray, np.ndarray]:
    """A drawn face with 68 landmarks, another one for each number."""
    random = np.random.default_rng(number)
    image = np.full((SIZE, SIZE, 3), random.integers(40, 90, 3), np.uint8)
    points = (plain_face(SIZE) + random.uniform(-3, 3, 2)).astype(np.float32)
    outline = np.concatenate([points[:17], points[26:16:-1]]).round().astype(np.int32)
    cv2.fillPoly(image, [outline], random.integers(120, 220, 3).tolist())
    for part in (points[36:42], points[42:48], points[48:60]):
        cv2.fillPoly(image, [part.round().astype(np.int32)], (30, 20, 20))
    return image, points


def write_face(path: Path, number: int) -> None:
    """A picture; its landmarks are not written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_image(path, face(number)[0])


def write_landmarks(path: Path, numbers: list[int]) -> None:
    """68 points of a picture, or of the frames of a clip."""
    path.parent.mkdir(parents=True, exist_ok=True)
    points = np.stack([face(number)[1] for number in numbers])
    np.save(path, points[0] if len(numbers) == 1 else points)


def write_clip(path: Path, number: int, landmarks: bool = True) -> None:
    """Frames of faces, with landmarks beside them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    numbers = [100 * number + frame for frame in range(FRAMES)]
    with VideoWriter(path, fps=25) as writer:
        for one in numbers:
            writer.write(face(one)[0])
    if landmarks:
        write_landmarks(path.with_suffix(".npy"), numbers)


def videos(root: Path) -> None:
    """Two persons; a file that is no clip, a copy, and a clip without a face."""
    write_clip(root / "ann" / "a.mp4", 1)
    write_clip(root / "ann" / "b.mp4", 2)
    write_clip(root / "bob" / "c.mp4", 3)
    (root / "bob" / "broken.mp4").write_bytes(b"no clip")
    (root / "bob" / "copy.mp4").write_bytes((root / "bob" / "c.mp4").read_bytes())
    write_clip(root / "bob" / "faceless.mp4", 4, landmarks=False)
    np.save(root / "bob" / "faceless.npy", np.full((FRAMES, 68, 2), np.nan))


def voxceleb(root: Path) -> None:
    """Clips in files and in folders of pictures; landmarks of another length."""
    write_clip(root / "train" / "id1#x#1#6.mp4", 1)
    write_clip(root / "test" / "id2#x#1#6.mp4", 2)
    for frame in range(FRAMES):
        write_face(root / "train" / "id3#y#1#6" / f"{frame:03d}.png", 30 + frame)
    write_clip(root / "train" / "id1#y#1#6.mp4", 3, landmarks=False)
    write_landmarks(root / "train" / "id1#y#1#6.npy", [1, 2])


def lrs(root: Path) -> None:
    """LRS3's folders."""
    write_clip(root / "trainval" / "speaker" / "1.mp4", 1)
    write_clip(root / "test" / "other" / "2.mp4", 2)


def lrs2(root: Path) -> None:
    """LRS2's lists; one clip is in none, and one that is listed is not there."""
    for number, name in enumerate(("5/1", "5/2", "6/1", "7/1")):
        write_clip(root / "main" / f"{name}.mp4", number)
    (root / "train.txt").write_text("5/1\n5/9\n")
    (root / "val.txt").write_text("6/1\n")
    (root / "test.txt").write_text("7/1 GROUP\n")


def mead(root: Path) -> None:
    """Subjects of all splits, and a clip in no folder of an emotion."""
    for number, subject in enumerate(("M003", "M013", "M005")):
        below = root / subject / "video" / "front"
        write_clip(below / "happy" / "level_1" / "001.mp4", number)
    write_clip(root / "M003" / "video" / "front" / "other" / "001.mp4", 9)


def ffhq(root: Path) -> None:
    """Aligned faces in folders; one picture is cut off, one is of nothing."""
    for number in range(4):
        write_face(root / "00000" / f"{number:05d}.png", number)
        write_landmarks(root / "00000" / f"{number:05d}.npy", [number])
    whole = (root / "00000" / "00003.png").read_bytes()
    (root / "00000" / "00003.png").write_bytes(whole[: len(whole) // 2])
    np.save(root / "00000" / "00002.npy", np.full((68, 2), 7.0))


def celeba(root: Path) -> None:
    """Three splits; the table of persons lacks one picture."""
    for number in range(4):
        write_face(root / "img_align_celeba" / f"{number:06d}.jpg", number)
    rows = [f"{number:06d}.jpg {number % 3}" for number in range(4)]
    (root / "list_eval_partition.txt").write_text("\n".join(rows))
    rows = [f"{number:06d}.jpg {10 + number}" for number in range(3)]
    (root / "identity_CelebA.txt").write_text("\n".join(rows))


def raf_db(root: Path) -> None:
    """Both lists in one; a picture that is listed is not there."""
    rows = [("train_00001", 4), ("train_00002", 7), ("test_0001", 1), ("test_0002", 2)]
    for number, (name, _) in enumerate(rows[:-1]):
        write_face(root / "Image" / "aligned" / f"{name}_aligned.jpg", number)
    (root / "EmoLabel").mkdir()
    text = "\n".join(f"{name}.jpg {label}" for name, label in rows)
    (root / "EmoLabel" / "list_patition_label.txt").write_text(text)


def affectnet(root: Path) -> None:
    """Annotations beside the pictures; one is no expression."""
    rows = (("train", 1, 1), ("train", 9, 2), ("val", 7, 3), ("val", 6, 4))
    for folder, label, number in rows:
        below = root / f"{folder}_set"
        write_face(below / "images" / f"{number}.jpg", number)
        (below / "annotations").mkdir(exist_ok=True)
        np.save(below / "annotations" / f"{number}_exp.npy", np.array(str(label)))
        points = face(number)[1].reshape(-1)
        np.save(below / "annotations" / f"{number}_lnd.npy", points)


def kdef(root: Path) -> None:
    """One person in both sessions, and a picture of another name."""
    for number, name in enumerate(("AF01HAS", "BF01NEHL", "AM02AFFR")):
        write_face(root / name[:4] / f"{name}.JPG", number)
    write_face(root / "AF01" / "thumbnail.JPG", 9)


def fed_ro(root: Path) -> None:
    """Folders of expressions, and one of none."""
    write_face(root / "angry" / "1.jpg", 1)
    write_face(root / "Happy" / "2.jpg", 2)
    write_face(root / "unsure" / "3.jpg", 3)


BUILDERS = {
    "videos": videos,
    "voxceleb": voxceleb,
    "lrs": lrs,
    "mead": mead,
    "ffhq": ffhq,
    "celeba": celeba,
    "raf_db": raf_db,
    "affectnet": affectnet,
    "kdef": kdef,
    "fed_ro": fed_ro,
}
"""By the names of layouts."""


def prepared(tmp_path, name, **settings):
    """Prepares a replica; its folder and the report."""
    root, folder = tmp_path / f"{name}-files", tmp_path / f"{name}-records"
    if not root.is_dir():
        root.mkdir()
        BUILDERS[name](root)
    wanted = Preparation(name, LAYOUTS[name].labels, Source(root), folder)
    wanted = dataclasses.replace(wanted, **settings)
    report = prepare(wanted, find_layout(name)(root))
    return wanted.folder, report
