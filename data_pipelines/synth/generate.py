"""Generates a data set of synthetic faces, file by file, from where it was left."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from data_pipelines.prepare.json_files import check_settings, write_json
from data_pipelines.prepare.shards import remove_abandoned, write_metadata
from data_pipelines.sources.synthetic_settings import VERSION, SyntheticSettings
from data_pipelines.synth import record_features
from data_pipelines.synth.jobs import Crew, Job, folder_of, jobs
from data_pipelines.synth.plan import Plan, make_plan
from data_pipelines.synth.shots import Director
from face_jax.geometry.head import HeadModel

SETTINGS_FILE = "settings.json"
COMPLETE_FILE = "complete.json"

_DESCRIPTIONS = {
    "images": "Still pictures of synthetic faces with expressions and occluders.",
    "frames": "Frames of clips of synthetic faces, one after the other.",
    "clips": "Clips of synthetic faces: where their frames are, and their landmarks.",
}

Progress = Callable[[int], None]


def is_complete(folder: Path, settings: SyntheticSettings) -> bool:
    """Whether a folder holds the whole data set.

    Args:
      folder: of the data set; need not exist.
      settings: what it shall hold.

    Raises:
      ValueError: it holds a data set of other settings.
    """
    check_folder(folder, settings)
    return (folder / COMPLETE_FILE).is_file()


def check_folder(folder: Path, settings: SyntheticSettings) -> None:
    """Refuses a folder that belongs to a data set of other settings.

    Raises:
      ValueError: names the first difference, or a file of settings that is none.
    """
    path = folder / SETTINGS_FILE
    if not path.is_file():
        return
    check_settings(path, settings.describe())


def pictures_left(folder: Path, settings: SyntheticSettings) -> int:
    """Pictures that generation still has to draw."""
    left = _left(folder, settings, make_plan(settings))
    return sum(job.num_pictures for job in left)


def generate(
    folder: Path,
    settings: SyntheticSettings,
    head: HeadModel,
    studio: Any,
    progress: Progress = lambda done: None,
) -> None:
    """Writes what is missing of a data set.

    Killed at any time, it goes on with the next call after the last complete file;
    the bytes are the same however often that happens.

    Args:
      folder: where; its parents are made.
      settings: what.
      head: the head model that the settings name.
      studio: the ``scene.Studio`` of the head and size.
      progress: told how many of ``pictures_left`` are done.

    Raises:
      ValueError: the folder holds a data set of other settings, or the head cannot
        show facial actions.
    """
    done = 0
    with (
        drawing(folder, settings, head) as (director, left),
        crew_of(settings, director, studio) as crew,
    ):
        for job in left:
            for count in job.run(crew):
                done += count
                progress(done)


@contextmanager
def drawing(
    folder: Path, settings: SyntheticSettings, head: HeadModel
) -> Iterator[tuple[Director, list[Job]]]:
    """Opens a data set, which is complete when the block ends without an error.

    Args:
      folder: where; its parents are made.
      settings: what.
      head: the head model that the settings name.

    Yields:
      Who draws its shots, and the parts whose files are not there.

    Raises:
      ValueError: the folder holds a data set of other settings, or the head cannot
        show facial actions; nothing is written then.
    """
    check_folder(folder, settings)
    director = Director(settings, head)
    folder.mkdir(parents=True, exist_ok=True)
    remove_abandoned(folder)
    write_json(folder / SETTINGS_FILE, settings.describe())
    plan = make_plan(settings)
    yield director, _left(folder, settings, plan)
    layout = record_features.layout_of(director.rig, settings.picture_format)
    _describe(folder, settings, plan, layout)
    write_json(folder / COMPLETE_FILE, summary(plan))


@contextmanager
def crew_of(
    settings: SyntheticSettings, director: Director, studio: Any
) -> Iterator[Crew]:
    """All that draws pictures, while the block lasts.

    Args:
      settings: of the data set.
      director: of the same head as the studio.
      studio: the ``scene.Studio`` of the head and size.
    """
    layout = record_features.layout_of(director.rig, settings.picture_format)
    with ThreadPoolExecutor(1) as camera, ThreadPoolExecutor(2) as laboratory:
        yield Crew(settings, director, studio, layout, camera, laboratory)


def summary(plan: Plan) -> dict[str, Any]:
    """Counts of a data set by split, expression and occluder."""
    images = [image for part in plan.images.values() for image in part]
    people = {split: len(_people(plan, split)) for split in plan.images}
    return {
        "people": people,
        "images": {split: len(part) for split, part in plan.images.items()},
        "clips": {split: len(part) for split, part in plan.clips.items()},
        "labels": dict(Counter(image.label for image in images)),
        "occluders": dict(Counter(image.occluder for image in images)),
    }


def _people(plan: Plan, split: str) -> set[int]:
    images = {image.identity for image in plan.images[split]}
    return images | {clip.identity for clip in plan.clips[split]}


def _left(folder: Path, settings: SyntheticSettings, plan: Plan) -> list[Job]:
    return [job for job in jobs(folder, settings, plan) if not job.is_done()]


def _describe(
    folder: Path, settings: SyntheticSettings, plan: Plan, layout: Any
) -> None:
    """Writes the TFDS metadata of all data sets."""
    features = {
        "images": record_features.image_features(layout),
        "frames": record_features.frame_features(layout),
        "clips": record_features.clip_features(),
    }
    lengths: dict[str, dict[str, list[int]]] = {}
    for job in jobs(folder, settings, plan):
        for name, count in job.records.items():
            lengths.setdefault(name, {}).setdefault(job.split, []).append(count)
    for name, counts in lengths.items():
        description = f"{_DESCRIPTIONS[name]} Version {VERSION}."
        write_metadata(
            folder_of(folder, name), name, features[name], counts, description
        )
