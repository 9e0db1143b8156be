"""The pictures that one training item is seen as, and what the detector says of them.

An item is shown in three colour views; expression vectors from different views of the
same face are what the statistical regularisation compares. Source: FSRT,
arXiv 2404.09736.
"""

import functools
from collections.abc import Callable, Sequence

import flax.struct
import jax
import jax.numpy as jnp
import numpy as np

from face_jax.fsrt.keypoints import Keypoints
from face_jax.fsrt.networks import Networks, detect, express
from face_jax.nn.color_jitter import color_jitter
from face_jax.types import Array, Batch, PyTree, Variables


class Views(flax.struct.PyTreeNode):
    """Pictures of a batch, float32 in [0, 1].

    Attributes:
      sources: [B, S, H, W, 3] colour view 1; the encoder's pictures.
      sources_second: [B, S, H, W, 3] colour view 2.
      sources_uncropped: [B, S, H, W, 3] colour view 2, for keypoints.
      target: [B, D, H, W, 3] driving frames in colour view 1, to be rendered.
      driving_first: [B, D, H, W, 3] driving frames in the view that the coin chose.
      driving_crop: [B, D, H, W, 3] expression crops in colour view 3.
      driving_uncropped: [B, D, H, W, 3] colour view 2, for keypoints.
    """

    sources: Array
    sources_second: Array
    sources_uncropped: Array
    target: Array
    driving_first: Array
    driving_crop: Array
    driving_uncropped: Array


class Description(flax.struct.PyTreeNode):
    """What drives the rendering of a batch.

    Attributes:
      source_keypoints: [B, S, K, 2] in the frame of the cropped pictures.
      driving_keypoints: [B, D, K, 2] likewise.
      source_expression: [B, S, E] of the sources' first view.
      source_expression_second: [B, S, E] of their second view.
      driving_expression: [B, D, E] of the drivers' first view.
      driving_expression_crop: [B, D, E] of their expression crops.
    """

    source_keypoints: Array
    driving_keypoints: Array
    source_expression: Array
    source_expression_second: Array
    driving_expression: Array
    driving_expression_crop: Array


def color_views(batch: Batch, coin: Array, jitter: bool) -> Views:
    """Colours the uint8 pictures of a batch.

    Args:
      batch: the training batch.
      coin: [B] uniform in [0, 1), see ``Draws.coin``.
      jitter: apply the batch's colour factors; otherwise all views look alike.

    Returns:
      The views.
    """

    def view(name: str, number: int, whole: str) -> Array:
        images = batch[name]
        if jitter:
            frames = images.shape[1]
            factors, order = (
                jnp.repeat(batch[key][:, None, number], frames, axis=1)
                for key in ("color_factors", "color_order")
            )
            reference = None if name == whole else batch[whole]
            images = color_jitter(images, factors, order, reference)
        return images.astype(jnp.float32) / 255.0

    source, driving = "source_images_uncropped", "driving_images_uncropped"
    target = view("driving_images", 0, driving)
    second = view("driving_images", 1, driving)
    return Views(
        sources=view("source_images", 0, source),
        sources_second=view("source_images", 1, source),
        sources_uncropped=view(source, 1, source),
        target=target,
        driving_first=jnp.where(_per_item(coin < 0.5, target), second, target),
        driving_crop=view("driving_expression_crops", 2, driving),
        driving_uncropped=view(driving, 1, driving),
    )


def describe_views(
    networks: Networks, variables: Variables, views: Views, batch: Batch
) -> Description:
    """Keypoints and expressions of all views, in one pass of each network.

    Keypoints come from the uncropped pictures and are moved into the cropped ones, so
    that a face outside the picture still has them.

    Args:
      networks: the modules.
      variables: their variables.
      views: the pictures.
      batch: the training batch, for crops and landmark keypoints.

    Returns:
      The description. In the plain form each view has a pass of its own.
    """
    cropped = functools.partial(cropped_keypoints, batch)
    expressive = [
        views.sources,
        views.sources_second,
        views.driving_first,
        views.driving_crop,
    ]
    uncropped = [views.sources_uncropped, views.driving_uncropped]
    given = _given_keypoints(networks, batch, cropped)
    over = _one_by_one if networks.form == "plain" else _together

    def detect_in(pictures: tuple[Array, Array | None]) -> Keypoints:
        return detect(networks, variables, *pictures)

    if given is not None:
        keypoints, points = given
        found = over(detect_in, list(zip(expressive, points, strict=True)))
    else:
        pictures = [(images, None) for images in (*uncropped, *expressive)]
        found = over(detect_in, pictures)
        keypoints = [each.positions for each in found[: len(uncropped)]]
        found = found[len(uncropped) :]
    vectors = over(functools.partial(express, networks, variables), found)
    return Description(cropped(keypoints[0]), cropped(keypoints[1]), *vectors)


def cropped_keypoints(batch: Batch, keypoints: Array) -> Array:
    """Keypoints [B, n, K, 2] of whole frames in the crop that an item's frames share."""
    scale = batch["keypoint_scale"][:, None, None]
    shift = batch["keypoint_shift"][:, None, None]
    return (keypoints + shift) * scale


def _given_keypoints(networks: Networks, batch: Batch, cropped):
    """Landmark keypoints of uncropped pictures, and of the expressive views."""
    if networks.keypoints != "landmarks":
        return None
    source, driving = batch["source_keypoints"], batch["driving_keypoints"]
    crop_scale = batch["expression_scale"][:, :, None]
    in_crop = (driving + batch["expression_shift"][:, :, None]) * crop_scale
    source_cropped, driving_cropped = cropped(source), cropped(driving)
    views = [source_cropped, source_cropped, driving_cropped, in_crop]
    return (source, driving), views


def _together(function: Callable[[PyTree], PyTree], trees: Sequence[PyTree]) -> list:
    """Results of trees of arrays [B, n, ...], from one call on all their rows."""
    counts = [jax.tree.leaves(tree)[0].shape[1] for tree in trees]
    ends = np.cumsum(counts)[:-1]
    # An item's pictures stay together, so that each device keeps those of its rows.
    merged = jax.tree.map(lambda *arrays: jnp.concatenate(arrays, axis=1), *trees)
    flat = jax.tree.map(lambda x: x.reshape(-1, *x.shape[2:]), merged)

    def parts(found: Array) -> list[Array]:
        by_item = found.reshape(-1, sum(counts), *found.shape[1:])
        return jnp.split(by_item, ends, axis=1)

    leaves, structure = jax.tree.flatten(function(flat))
    by_tree = zip(*map(parts, leaves), strict=True)
    return [jax.tree.unflatten(structure, each) for each in by_tree]


def _one_by_one(function: Callable[[PyTree], PyTree], trees: Sequence[PyTree]) -> list:
    """The same, from one call for each tree."""
    return [_together(function, [tree])[0] for tree in trees]


def _per_item(values: Array, like: Array) -> Array:
    return values.reshape(-1, *(1,) * (like.ndim - 1))
