"""A small data set of still pictures as the generator writes them, without rendering."""

from pathlib import Path

import numpy as np

from data_pipelines.prepare.records import serialize
from data_pipelines.prepare.shards import ShardWriter, shard_path, write_metadata
from data_pipelines.sources.faces import UNKNOWN
from data_pipelines.sources.synthetic_settings import VERSION, SyntheticSettings
from data_pipelines.synth import record_features
from data_pipelines.synth.expressions import CLASSES
from data_pipelines.synth.plan import FREE, NO_OCCLUDER, ImagePlan, make_plan
from data_pipelines.synth.samples import SyntheticSample
from tests.data_pipelines.synth.plain_face import plain_face

SETTINGS = SyntheticSettings(images=60, images_per_person=5, size=48, occluded=0.5)
PARAMETERS = {"shape_params": 6, "expression_params": 5, "pose_params": 3}
LAYOUT = record_features.Layout(PARAMETERS, has_105=True, picture_format="png")


def sample(planned: ImagePlan) -> SyntheticSample:
    """A picture of noise, with numbers that follow from its own number."""
    random = np.random.default_rng(planned.number)
    size = SETTINGS.size
    clean = random.integers(0, 256, (size, size, 3), np.uint8)
    mask = np.zeros((size, size), np.uint8)
    mask[:8] = 0 if planned.occluder == NO_OCCLUDER else 255
    points = plain_face(size) + random.normal(0, 0.5, (68, 2))
    inner = random.uniform(points[19:].min(axis=0), points.max(axis=0), (105, 2))

    def vector(length: int) -> np.ndarray:
        return random.standard_normal(length).astype(np.float32)

    return SyntheticSample(
        image=np.where(mask[..., None] > 0, 255 - clean, clean),
        clean_image=clean,
        face_mask=np.full((size, size), 255, np.uint8),
        occluder_mask=mask,
        parameters={name: vector(length) for name, length in PARAMETERS.items()},
        camera=np.array([7.0, 0.01, -0.02], np.float32),
        landmarks_68=points.astype(np.float32),
        landmarks_105=inner.astype(np.float32),
        rotation=vector(3),
        gaze=vector(2),
        label=UNKNOWN if planned.label == FREE else CLASSES.index(planned.label),
        occluder=planned.occluder,
        identity=planned.identity,
        number=planned.number,
        frame=0,
    )


def write_faces(folder: Path, settings: SyntheticSettings = SETTINGS) -> None:
    """Writes the data set of some settings, of ``SETTINGS.size``."""
    folder = folder / "images" / VERSION
    features = record_features.image_features(LAYOUT)
    images = make_plan(settings).images
    for split, planned in images.items():
        with ShardWriter(shard_path(folder, "images", split, 0, 1)) as writer:
            for one in planned:
                record = record_features.image_record(sample(one), LAYOUT)
                writer.write(serialize(features, record))
    lengths = {split: [len(planned)] for split, planned in images.items()}
    write_metadata(folder, "images", features, lengths, "Pictures of noise.")
