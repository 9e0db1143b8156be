"""Finds clips on disk and says which person each of them shows."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

VIDEO_EXTENSIONS = (".mp4", ".mov", ".mkv", ".webm", ".avi")
IMAGE_EXTENSIONS = (".png", ".jpg", ".jpeg", ".bmp", ".webp")


def find_clips(
    path: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    split: str | None = None,
) -> tuple[Path, ...]:
    """Lists clips in a fixed order.

    A clip is a video file, or a folder that holds the frames as image files. Folders
    are not searched recursively.

    Args:
      path: a folder of clips, one clip, or several clips.
      split: sub-folder of ``path`` to use, such as ``train`` or ``val``.

    Returns:
      The clips, those of a folder sorted by name.

    Raises:
      FileNotFoundError: something named does not exist, or holds no clip.
      ValueError: a split of something that is not a folder, a clip named twice.
    """
    if not isinstance(path, str | os.PathLike):
        clips = tuple(_existing(Path(clip)) for clip in path)
        if not clips:
            raise FileNotFoundError("clips: expected at least one path, got none")
        repeated = sorted({str(clip) for clip in clips if clips.count(clip) > 1})
        if repeated:
            raise ValueError(f"clips: named more than once: {', '.join(repeated)}")
        return clips
    root = _existing(Path(path))
    if split is not None:
        if not root.is_dir():
            raise ValueError(f"{root}: split {split!r} needs a folder, this is a file")
        root = _existing(root / split)
    return _clips_of_folder(root) if root.is_dir() else (root,)


def clip_stem(path: Path) -> str:
    """A clip's name without its last extension; ``a.b.mp4`` gives ``a.b``."""
    return path.stem if path.suffix.lower() in VIDEO_EXTENSIONS else path.name


def group_by_identity(clips: Iterable[Path]) -> tuple[tuple[int, ...], ...]:
    """Rows of the clips of each person, persons sorted by name.

    The person is what precedes the first ``#`` of a clip's name (VoxCeleb's layout
    ``identity#video#start#end.mp4``); a clip without ``#`` is a person of its own.
    """
    rows: dict[tuple[str, str], list[int]] = {}
    for row, clip in enumerate(clips):
        name, mark, _ = clip_stem(clip).partition("#")
        rows.setdefault((name, "" if mark else str(clip)), []).append(row)
    return tuple(tuple(rows[key]) for key in sorted(rows))


def frame_files(folder: Path) -> tuple[Path, ...]:
    """Image files of a folder, sorted by name."""
    return tuple(
        sorted(f for f in folder.iterdir() if f.suffix.lower() in IMAGE_EXTENSIONS)
    )


def _clips_of_folder(folder: Path) -> tuple[Path, ...]:
    clips = tuple(sorted(entry for entry in folder.iterdir() if _is_clip(entry)))
    if not clips:
        splits = [s for s in ("train", "val", "test") if (folder / s).is_dir()]
        hint = f"; it has sub-folders {', '.join(splits)}: set split" if splits else ""
        raise FileNotFoundError(
            f"{folder}: expected clips ({', '.join(VIDEO_EXTENSIONS)}, "
            f"or folders of images), found none{hint}"
        )
    return clips


def _is_clip(entry: Path) -> bool:
    if entry.name.startswith("."):
        return False
    if entry.is_dir():
        return bool(frame_files(entry))
    return entry.suffix.lower() in VIDEO_EXTENSIONS


def _existing(path: Path) -> Path:
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such clip or folder")
    return path
