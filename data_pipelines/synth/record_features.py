"""Records of synthetic faces: what is stored of a picture and of a clip, and how."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from data_pipelines.prepare.records import Features, encode
from data_pipelines.synth.actions import NUM_ACTIONS
from data_pipelines.synth.expressions import CLASSES
from data_pipelines.synth.plan import OCCLUDER_NAMES
from data_pipelines.synth.rig import Rig
from data_pipelines.synth.samples import SyntheticSample


@dataclasses.dataclass(frozen=True)
class Layout:
    """What the records of all pictures of a data set have in common.

    Attributes:
      parameters: lengths of the parameter vectors of the head by name.
      has_105: whether the head has MediaPipe's landmarks.
      picture_format: ``png`` or ``jpeg``; masks are always PNG.
    """

    parameters: Mapping[str, int]
    has_105: bool
    picture_format: str


def layout_of(rig: Rig, picture_format: str) -> Layout:
    """The layout of pictures of a head."""
    rest = rig.parameters(
        np.zeros((1, NUM_ACTIONS)), np.zeros((1, 2)), np.zeros((1, 3))
    )
    found = {
        field.name: getattr(rest, field.name) for field in dataclasses.fields(rest)
    }
    lengths = {
        name: value.shape[-1] for name, value in found.items() if value is not None
    }
    lengths["shape_params"] = rig.head.identity_basis.shape[-1]
    return Layout(lengths, "mediapipe_105" in rig.head.landmarks, picture_format)


def image_features(layout: Layout) -> Features:
    """Features of still pictures."""
    return tfds.features.FeaturesDict(
        {
            **_common(layout),
            "clean_image": _picture(3, layout.picture_format),
            "occluder_mask": _picture(1, "png"),
            "occluder": tfds.features.ClassLabel(names=list(OCCLUDER_NAMES)),
        }
    )


def frame_features(layout: Layout) -> Features:
    """Features of single frames of clips."""
    return tfds.features.FeaturesDict(
        {**_common(layout), "frame": tfds.features.Scalar(np.int64)}
    )


def clip_features() -> Features:
    """Features of whole clips, without their pictures."""
    return tfds.features.FeaturesDict(
        {
            "clip": tfds.features.Scalar(np.int64),
            "identity": tfds.features.Scalar(np.int64),
            "style": tfds.features.Text(),
            "size": tfds.features.Scalar(np.int64),
            "num_frames": tfds.features.Scalar(np.int64),
            "first_frame": tfds.features.Scalar(np.int64),
            "labels": tfds.features.Tensor(shape=(None,), dtype=np.int64),
            "landmarks_68": _vector(None, 68, 2),
            "rotation": _vector(None, 3),
        }
    )


def image_record(sample: SyntheticSample, layout: Layout) -> dict[str, Any]:
    """One still picture as a record of ``image_features``."""
    return {
        **_common_values(sample, layout),
        "clean_image": encode(sample.clean_image, layout.picture_format),
        "occluder_mask": encode(sample.occluder_mask, "png"),
        "occluder": sample.occluder,
    }


def frame_record(sample: SyntheticSample, layout: Layout) -> dict[str, Any]:
    """One frame of a clip as a record of ``frame_features``."""
    return {**_common_values(sample, layout), "frame": sample.frame}


def clip_record(
    samples: Sequence[SyntheticSample], style: str, first_frame: int
) -> dict[str, Any]:
    """A clip as a record of ``clip_features``.

    Args:
      samples: all frames in order.
      style: what the person does.
      first_frame: row of the first frame among the frame records of the split.
    """
    return {
        "clip": samples[0].number,
        "identity": samples[0].identity,
        "style": style,
        "size": samples[0].image.shape[0],
        "num_frames": len(samples),
        "first_frame": first_frame,
        "labels": np.array([sample.label for sample in samples], np.int64),
        "landmarks_68": np.stack([sample.landmarks_68 for sample in samples]),
        "rotation": np.stack([sample.rotation for sample in samples]),
    }


def _common(layout: Layout) -> dict[str, Any]:
    """Features that still pictures and frames share."""
    features = {
        "image": _picture(3, layout.picture_format),
        "face_mask": _picture(1, "png"),
        "label": tfds.features.ClassLabel(names=list(CLASSES)),
        "identity": tfds.features.Scalar(np.int64),
        "number": tfds.features.Scalar(np.int64),
        "camera": _vector(3),
        "rotation": _vector(3),
        "gaze": _vector(2),
        "landmarks_68": _vector(68, 2),
    }
    if layout.has_105:
        features["landmarks_105"] = _vector(105, 2)
    vectors = {name: _vector(length) for name, length in layout.parameters.items()}
    return features | vectors


def _common_values(sample: SyntheticSample, layout: Layout) -> dict[str, Any]:
    values: dict[str, Any] = {
        name: getattr(sample, name)
        for name in (
            "label",
            "identity",
            "number",
            "camera",
            "rotation",
            "gaze",
            "landmarks_68",
        )
    }
    if layout.has_105:
        values["landmarks_105"] = sample.landmarks_105
    values["image"] = encode(sample.image, layout.picture_format)
    values["face_mask"] = encode(sample.face_mask, "png")
    return values | sample.parameters


def _vector(*shape: int | None) -> tfds.features.Tensor:
    return tfds.features.Tensor(shape=shape, dtype=np.float32)


def _picture(channels: int, picture_format: str) -> tfds.features.Image:
    return tfds.features.Image(
        shape=(None, None, channels), encoding_format=picture_format
    )
