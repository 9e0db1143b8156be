"""Writes the files of a prepared data set."""

from collections import defaultdict
from pathlib import Path

import numpy as np

from data_pipelines.numpy_files import load_array
from data_pipelines.prepare.entries import SPLITS
from data_pipelines.prepare.examining import Source
from data_pipelines.prepare.frames import (
    Storing,
    frame_features,
    frame_records,
    stored_size,
)
from data_pipelines.prepare.planning import Part, Plan
from data_pipelines.prepare.records import serialize
from data_pipelines.prepare.shards import ShardWriter, shard_path, write_metadata
from data_pipelines.sources.split_index import (
    FRAMES,
    VERSION,
    index_path,
    landmarks_68_of,
    landmarks_path,
    write_index,
    write_tracks,
)


def part_path(folder: Path, part: Part) -> Path:
    """The file of a part."""
    records = folder / FRAMES / VERSION
    return shard_path(records, FRAMES, part.split, part.number, part.count)


def track_path(folder: Path, part: Part) -> Path:
    """Where the landmarks of a part wait until all parts are there."""
    return folder / f"{part.split}-{part.number:05d}.npy"


def write_part(
    source: Source, part: Part, storing: Storing, path: Path, track: Path
) -> None:
    """Writes the frames of a part, and their landmarks once more by themselves.

    Args:
      source: where its pictures are.
      part: what is written.
      storing: how.
      path: file of the records; it appears last.
      track: file of the landmarks.

    Raises:
      OSError: a file has gone since it was looked at, or the folder cannot be written.
      ValueError: a file has changed since it was looked at.
    """
    features, points = frame_features(storing), []
    with ShardWriter(path) as writer:
        for kept in part.kept:
            count = 0
            for record in frame_records(source, kept, storing):
                writer.write(serialize(features, record))
                points.append(landmarks_68_of(record))
                count += 1
            if count != kept.examined.num_frames:
                raise ValueError(
                    f"{kept.entry.file}: expected {kept.examined.num_frames} frames as "
                    f"when it was looked at, got {count}"
                )
        track.parent.mkdir(parents=True, exist_ok=True)
        np.save(track, np.stack(points))


def write_tables(
    folder: Path, plan: Plan, storing: Storing, layout: str, tracks: Path
) -> None:
    """Writes what makes the files a data set: metadata of TFDS, and the indices.

    Args:
      folder: of the data set.
      plan: of all of it.
      storing: how it is stored.
      layout: name of the layout.
      tracks: folder of the parts' landmarks.
    """
    lengths: dict[str, list[int]] = {split: [] for split in SPLITS}
    parts: dict[str, list[Part]] = defaultdict(list)
    for part in plan.parts:
        lengths[part.split].append(part.num_frames)
        parts[part.split].append(part)
    records = folder / FRAMES / VERSION
    description = f"Frames of the layout {layout}, version {VERSION}."
    features = frame_features(storing)
    write_metadata(records, FRAMES, features, lengths, description)
    for split, found in parts.items():
        kept = [one for part in found for one in part.kept]
        rows = [
            (
                one.identity,
                storing.labels.index(one.entry.label) if one.entry.label else -1,
                one.first_frame,
                one.examined.num_frames,
                *stored_size(one, storing),
            )
            for one in kept
        ]
        points = (load_array(track_path(tracks, part)) for part in found)
        count = sum(part.num_frames for part in found)
        write_tracks(landmarks_path(folder, split), points, count)
        files = [one.entry.file for one in kept]
        numbers = np.array(rows, np.int64)
        write_index(index_path(folder, split), files, plan.people, numbers)
