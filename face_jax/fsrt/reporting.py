"""What evaluators see of FSRT: rendered frames, their scores, and sheets of pictures.

Source: FSRT, arXiv 2404.09736.
"""

import functools
from collections.abc import Mapping

import jax.numpy as jnp
import numpy as np

from face_jax import viz
from face_jax.fsrt.networks import Networks, describe, encode
from face_jax.fsrt.rendering import render_images
from face_jax.metrics import image as image_metrics
from face_jax.types import Array, Batch, Variables

SHEET_ROWS = 8
"""Most items on a sheet of pictures."""


def predict(
    networks: Networks,
    variables: Variables,
    batch: Batch,
    block_size: int,
    ablations: bool,
) -> dict[str, Array]:
    """Driving frames rendered from the sources, as at inference.

    Args:
      networks: the modules.
      variables: of all networks.
      batch: an evaluation batch; pictures are taken as they are, without jitter.
      block_size: most query pixels of a frame in work at once.
      ablations: also render with parts of the motion or the source exchanged.

    Returns:
      ``target`` and ``image`` [B, D, H, W, 3] float32, the latter not clamped. With
      ablations also ``source_keypoints``, ``source_expression`` (rendered with those
      of the first source) and ``swapped_source`` (with the next item's sources).
    """
    source, driving = (_described(networks, variables, batch, n) for n in _SIDES)
    latent = encode(networks, variables, _images(batch, "source"), *source)
    render = functools.partial(
        render_images,
        networks,
        variables,
        image_size=networks.image_size,
        block_size=block_size,
    )
    outputs = {
        "target": _images(batch, "driving"),
        "image": render(latent, driving[0], driving[1]),
    }
    if ablations:
        own = [
            jnp.broadcast_to(s[:, :1], d.shape)
            for s, d in zip(source, driving, strict=True)
        ]
        outputs["source_keypoints"] = render(latent, own[0], driving[1])
        outputs["source_expression"] = render(latent, driving[0], own[1])
        swapped = jnp.roll(latent, 1, axis=0)
        outputs["swapped_source"] = render(swapped, driving[0], driving[1])
    return outputs


def metrics(
    batch: Batch, outputs: Mapping[str, Array], ablations: bool
) -> dict[str, Array]:
    """Scores per item, means over its driving frames.

    Args:
      batch: the evaluation batch.
      outputs: of ``predict``.
      ablations: also score the ablations.

    Returns:
      ``psnr`` (dB, unclamped), ``l1``, ``psnr_copy`` of the first source itself, and
      ``psnr_<ablation>``; [B] each.
    """
    target = outputs["target"]
    copies = jnp.broadcast_to(_images(batch, "source")[:, :1], target.shape)
    shown = {"": outputs["image"], "_copy": copies}
    if ablations:
        names = ("source_keypoints", "source_expression", "swapped_source")
        shown |= {f"_{name}": outputs[name] for name in names}
    scores = {
        f"psnr{suffix}": _per_item(image_metrics.psnr, images, target)
        for suffix, images in shown.items()
    }
    return {**scores, "l1": _per_item(image_metrics.l1, outputs["image"], target)}


def sheet(
    batch: Mapping[str, np.ndarray], outputs: Mapping[str, np.ndarray]
) -> np.ndarray:
    """Rows of first source, driving frame, result and error, one for each item."""
    rows = []
    for row in range(min(SHEET_ROWS, len(outputs["image"]))):
        driving, made = outputs["target"][row, 0], outputs["image"][row, 0]
        pictures = [batch["source_images"][row, 0], driving, made]
        error = viz.error_map(viz.to_uint8(driving), viz.to_uint8(made))
        rows.append([viz.enlarge(viz.to_uint8(p), 2) for p in (*pictures, error)])
    return viz.grid(rows, column_titles=("source", "driving", "result", "error"))


_SIDES = ("source", "driving")


def _images(batch: Batch, side: str) -> Array:
    return jnp.asarray(batch[f"{side}_images"], jnp.float32) / 255.0


def _described(
    networks: Networks, variables: Variables, batch: Batch, side: str
) -> tuple[Array, Array]:
    images, keypoints = _images(batch, side), batch[f"{side}_keypoints"]
    flat = images.reshape(-1, *images.shape[2:])
    given = keypoints.reshape(-1, *keypoints.shape[2:])
    found = describe(networks, variables, flat, given)
    frames = images.shape[:2]
    points, expression = (x.reshape(*frames, *x.shape[1:]) for x in found)
    return points, expression


def _per_item(metric, images: Array, target: Array) -> Array:
    flat = [x.reshape(-1, *x.shape[2:]) for x in (images, target)]
    return metric(*flat).reshape(target.shape[:2]).mean(axis=1)
