"""The parts of generation: each makes one file of records, or one and its table."""

import dataclasses
import itertools
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from data_pipelines.prepare.records import Features, serialize
from data_pipelines.prepare.shards import ShardWriter, shard_path
from data_pipelines.sources.synthetic_settings import VERSION, SyntheticSettings
from data_pipelines.synth import record_features
from data_pipelines.synth.plan import ClipPlan, ImagePlan, Plan, divide
from data_pipelines.synth.record_features import Layout
from data_pipelines.synth.samples import Rendered, SyntheticSample, finish, render
from data_pipelines.synth.shots import Director, Shot

BATCH = 20
"""Pictures that are rendered at a time."""

Finished = tuple[SyntheticSample, bytes]


@dataclasses.dataclass(frozen=True)
class Crew:
    """All that draws pictures.

    Attributes:
      settings: of the data set.
      director: draws the shots.
      studio: renders them.
      layout: of the records.
      camera: one thread, renders pictures while the next ones are drawn.
      laboratory: threads that finish and encode pictures meanwhile.
    """

    settings: SyntheticSettings
    director: Director
    studio: Any
    layout: Layout
    camera: ThreadPoolExecutor
    laboratory: ThreadPoolExecutor

    def records(
        self, shots: Iterable[Shot], features: Features
    ) -> Iterator[list[Finished]]:
        """Renders and encodes shots.

        Args:
          shots: any number of them, drawn as they are needed.
          features: of the records.

        Yields:
          Lists of up to ``BATCH`` samples with their records, in order.
        """
        waiting: list[Future[Finished]] = []
        for part, rendered in self._rendered(shots):
            started = [
                self.laboratory.submit(self._encode, shot, result, features)
                for shot, result in zip(part, rendered, strict=True)
            ]
            if waiting:
                yield [future.result() for future in waiting]
            waiting = started
        if waiting:
            yield [future.result() for future in waiting]

    def _rendered(
        self, shots: Iterable[Shot]
    ) -> Iterator[tuple[list[Shot], list[Rendered]]]:
        """Batches of shots with what was rendered of them."""
        waiting: deque[tuple[list[Shot], Future[list[Rendered]]]] = deque()
        remaining = iter(shots)
        while part := list(itertools.islice(remaining, BATCH)):
            rig = self.director.rig
            started = self.camera.submit(render, self.studio, rig, part, BATCH)
            waiting.append((part, started))
            if len(waiting) > 1:
                drawn, rendered = waiting.popleft()
                yield drawn, rendered.result()
        for drawn, rendered in waiting:
            yield drawn, rendered.result()

    def _encode(self, shot: Shot, rendered: Rendered, features: Features) -> Finished:
        sample = finish(shot, rendered)
        is_frame = "frame" in features
        record = (
            record_features.frame_record if is_frame else record_features.image_record
        )
        return sample, serialize(features, record(sample, self.layout))


@dataclasses.dataclass(frozen=True)
class ImageJob:
    """A file of still pictures.

    Attributes:
      split: name of the split.
      planned: the pictures.
      path: the file.
    """

    split: str
    planned: list[ImagePlan]
    path: Path

    @property
    def records(self) -> dict[str, int]:
        """Records by data set."""
        return {"images": len(self.planned)}

    @property
    def num_pictures(self) -> int:
        """Pictures that it draws."""
        return len(self.planned)

    def is_done(self) -> bool:
        """Whether its file is there."""
        return self.path.is_file()

    def run(self, crew: Crew) -> Generator[int]:
        """Writes its file."""
        features = record_features.image_features(crew.layout)
        shots = (crew.director.image(planned) for planned in self.planned)
        with ShardWriter(self.path) as writer:
            for finished in crew.records(shots, features):
                for _, record in finished:
                    writer.write(record)
                yield len(finished)


@dataclasses.dataclass(frozen=True)
class ClipJob:
    """A file of frames of some clips, and one that describes the clips.

    Attributes:
      split: name of the split.
      planned: the clips.
      num_frames: of each clip.
      first_frame: row of the first frame among the frames of the split.
      frames: the file of frames.
      clips: the file of clips.
    """

    split: str
    planned: list[ClipPlan]
    num_frames: int
    first_frame: int
    frames: Path
    clips: Path

    @property
    def records(self) -> dict[str, int]:
        """Records by data set."""
        return {"frames": self.num_pictures, "clips": len(self.planned)}

    @property
    def num_pictures(self) -> int:
        """Pictures that it draws."""
        return len(self.planned) * self.num_frames

    def is_done(self) -> bool:
        """Whether both files are there."""
        return self.frames.is_file() and self.clips.is_file()

    def run(self, crew: Crew) -> Generator[int]:
        """Writes both files."""
        features = record_features.frame_features(crew.layout)
        shots = itertools.chain.from_iterable(
            crew.director.clip(planned, self.num_frames) for planned in self.planned
        )
        samples: list[SyntheticSample] = []
        with ShardWriter(self.clips) as table, ShardWriter(self.frames) as writer:
            for finished in crew.records(shots, features):
                for sample, record in finished:
                    writer.write(record)
                    samples.append(sample)
                yield len(finished)
            self._write_table(table, samples)

    def _write_table(self, table: ShardWriter, samples: list[SyntheticSample]) -> None:
        features = record_features.clip_features()
        for number, planned in enumerate(self.planned):
            start = number * self.num_frames
            record = record_features.clip_record(
                samples[start : start + self.num_frames],
                planned.style,
                self.first_frame + start,
            )
            table.write(serialize(features, record))


Job = ImageJob | ClipJob


def jobs(folder: Path, settings: SyntheticSettings, plan: Plan) -> list[Job]:
    """All parts of a data set, split by split, in the order of their files."""
    found: list[Job] = []
    for split, images in plan.images.items():
        parts = divide(images)
        for number, part in enumerate(parts):
            place = (split, number, len(parts))
            found.append(ImageJob(split, part, _path(folder, "images", *place)))
    for split, clips in plan.clips.items():
        found += _clip_jobs(folder, settings, split, clips)
    return found


def folder_of(folder: Path, name: str) -> Path:
    """Where one of the TFDS data sets of a data set is."""
    return folder / name / VERSION


def _clip_jobs(
    folder: Path, settings: SyntheticSettings, split: str, clips: list[ClipPlan]
) -> list[Job]:
    found: list[Job] = []
    parts = divide(clips, settings.num_frames)
    first = 0
    for number, part in enumerate(parts):
        place = (split, number, len(parts))
        paths = _path(folder, "frames", *place), _path(folder, "clips", *place)
        found.append(ClipJob(split, part, settings.num_frames, first, *paths))
        first += len(part) * settings.num_frames
    return found


def _path(folder: Path, name: str, split: str, number: int, count: int) -> Path:
    return shard_path(folder_of(folder, name), name, split, number, count)
