"""Parts of FSRT that have no weights: encodings, resampling, jitter, transfer."""

from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np

from face_jax.fsrt.encoding import encode_keypoints, positional_encoding
from face_jax.geometry.keypoints import (
    best_frame,
    convex_hull_area,
    transfer_keypoints,
)
from face_jax.losses.regularization import covariance, invariance, variance
from face_jax.nn.color_jitter import color_jitter
from face_jax.nn.resample import antialias_downsample, gaussian_kernel
from face_jax.train.optim import schedule
from tests.parity.fixture import Check, Fixture, Part

ENCODING_ATOL = 1e-5
"""The meta's tolerance for float32 products in the published order."""

JITTER_COLUMNS = ("brightness", "contrast", "saturation", "hue")


def positional_encodings(fixture: Fixture) -> Iterator[Check]:
    """Encodings of queries, of an image and of points with other octaves."""
    given, config = fixture.inputs, fixture.config

    def query(keypoints: jax.Array, pixels: jax.Array) -> jax.Array:
        encoded = (
            encode_keypoints(
                keypoints.reshape(*keypoints.shape[:-1], -1, 2),
                config["kp_octaves"],
                config["kp_start_octave"],
            ),
            positional_encoding(
                pixels, config["pix_octaves"], config["pix_start_octave"]
            ),
        )
        return jnp.concatenate(encoded, axis=-1)

    pixels = given["image_pixels"]
    keypoints = given["image_kps_flat"][:, None, None]
    keypoints = jnp.broadcast_to(keypoints, (*pixels.shape[:3], keypoints.shape[-1]))
    actual = {
        "query_random": query(given["kps_flat"], given["points_random"]),
        "query_grid256": query(given["kps_flat"], given["points_grid256"]),
        "image_nchw": query(keypoints, pixels).transpose(0, 3, 1, 2),
        "single": positional_encoding(given["points_random"], **config["single"]),
    }
    for name, value in actual.items():
        yield Check(name, value, fixture.outputs[name], ENCODING_ATOL)


def antialias(fixture: Fixture) -> Iterator[Check]:
    """Kernels and downsampled images at every scale in the file."""
    images = fixture.image("image_u8")
    for name in fixture.outputs:
        kind, scale = name.split("_")
        if kind == "kernel":
            weights = gaussian_kernel(float(scale))
            actual = np.outer(weights, weights)
        else:
            actual = antialias_downsample(images, float(scale)).transpose(0, 3, 1, 2)
        yield from fixture.compare(name, actual)


def statistical_regularization(fixture: Fixture) -> Iterator[Check]:
    """The three terms, their weighted sum and its gradients."""
    weights = fixture.config
    size = fixture.inputs["drv_view1"].shape[-1]

    def terms(views: dict[str, jax.Array]) -> dict[str, jax.Array]:
        groups = [
            jnp.concatenate(
                [
                    views[f"{side}_view{view}"].reshape(-1, size)
                    for side in ("src", "drv")
                ]
            )
            for view in (1, 2)
        ]
        return {
            "invariance": invariance(
                views["src_view1"],
                views["src_view2"],
                views["drv_view1"],
                views["drv_view2"],
            ),
            "variance": sum(map(variance, groups)),
            "covariance": sum(map(covariance, groups)),
        }

    def total(views: dict[str, jax.Array]) -> jax.Array:
        return sum(weights[name] * term for name, term in terms(views).items())

    value, gradients = jax.jit(jax.value_and_grad(total))(fixture.inputs)
    actual = jax.jit(terms)(fixture.inputs) | {"total": value}
    actual |= {f"grad_{name}": gradient for name, gradient in gradients.items()}
    for name, array in actual.items():
        yield from fixture.compare(name, array)


def keypoint_transfer(fixture: Fixture) -> Iterator[Check]:
    """Four modes of transfer, hull areas and the best frame."""
    source, driving = fixture.inputs["kp_source"], fixture.inputs["kp_driving"]
    initial = driving[0]
    actual = {
        f"{mode}{suffix}": transfer_keypoints(
            source, driving, initial, mode == "relative", bool(suffix)
        )
        for mode in ("absolute", "relative")
        for suffix in ("", "_adapt")
    }
    actual["source_hull_area"] = convex_hull_area(source)
    actual["driving_hull_area"] = convex_hull_area(initial)
    for name, value in actual.items():
        yield from fixture.compare(name, value)
    frame = best_frame(
        fixture.inputs["landmarks_source"], fixture.inputs["landmarks_driving"]
    )
    yield Check("best_frame", frame, fixture.outputs["best_frame"], 0)


def jitter(fixture: Fixture) -> Iterator[Check]:
    """8-bit colour jitter, bit for bit."""
    for index, case in enumerate(fixture.meta["cases"]):
        factors = np.array([[case[name] for name in JITTER_COLUMNS]], np.float32)
        order = np.array([[JITTER_COLUMNS.index(name) for name in case["order"]]])
        actual = jax.jit(color_jitter)(fixture.inputs["frames_u8"], factors, order)
        yield Check(f"case{index}", actual, fixture.outputs[f"case{index}"], 0)


def learning_rates(fixture: Fixture) -> Iterator[Check]:
    """The published schedule at some iterations."""
    config = fixture.config
    rate = schedule(
        {
            "name": "warmup_exponential",
            "peak": config["peak_lr"],
            "warmup_steps": config["peak_it"],
            "decay_rate": config["decay_rate"],
            "decay_steps": config["decay_it"],
        }
    )
    actual = np.array([rate(step) for step in fixture.inputs["it"]])
    yield from fixture.compare("lr", actual)


PARTS: dict[str, Part] = {
    "pos_enc": positional_encodings,
    "antialias": antialias,
    "stat_reg": statistical_regularization,
    "kp_transfer": keypoint_transfer,
    "color_jitter": jitter,
    "lr_schedule": learning_rates,
}
