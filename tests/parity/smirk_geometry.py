"""Parts of SMIRK that have no weights: rotations and FLAME."""

import functools
from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np

from face_jax.geometry.euler import euler_y
from face_jax.geometry.folded_head import fold_head, pose_folded
from face_jax.geometry.head import HeadModel, HeadParameters, pose_head
from face_jax.geometry.landmarks import (
    contour_row,
    landmarks_68,
    landmarks_68_fixed,
    landmarks_mediapipe_105,
)
from face_jax.geometry.rotations import rodrigues
from face_jax.heads.flame import flame_from_arrays
from tests.parity import folded
from tests.parity.fixture import Check, Fixture, Part
from tests.parity.synthetic_flame import make_synthetic_flame

ROTATION_ATOL = 1e-6
ROTATION_GRADIENT_ATOL = 1e-4
VERTEX_ATOL = 2e-6
"""Metres."""
GRADIENT_SHARE = 1e-3

FIELDS = {
    "shape_params": "shape_params",
    "expression_params": "expression_params",
    "pose_params": "pose_params",
    "neck_pose_params": "neck_pose",
    "jaw_params": "jaw_params",
    "eye_pose_params": "eye_pose",
    "eyelid_params": "eyelid_params",
}
"""Published names of inputs, and the fields of ``HeadParameters``."""


def rotations(fixture: Fixture) -> Iterator[Check]:
    """Matrices, their gradient and the y Euler angle."""
    given, stored = fixture.inputs, fixture.outputs

    def weighted(vectors: jax.Array) -> jax.Array:
        return jnp.sum(rodrigues(vectors) * given["cot"])

    matrices = rodrigues(given["rot_vecs"])
    gradient = jax.grad(weighted)(given["rot_vecs"])
    yield Check("rot_mats", matrices, stored["rot_mats"], ROTATION_ATOL)
    yield Check("euler_y", euler_y(matrices), stored["euler_y"], ROTATION_ATOL)
    yield Check("grad", gradient, stored["grad"], ROTATION_GRADIENT_ATOL)


def flame(fixture: Fixture) -> Iterator[Check]:
    """Vertices, joints, landmarks and gradients of FLAME's forward pass."""
    head = synthetic_head(fixture)
    given = {
        field: fixture.inputs[name]
        for name, field in FIELDS.items()
        if name in fixture.inputs
    }
    for name, value in posed_outputs(head, HeadParameters(**given)).items():
        if name in fixture.outputs:
            yield from compare_sampled(fixture, name, value)
    made, plain = (
        jax.jit(pose)(HeadParameters(**given))
        for pose in (
            functools.partial(pose_folded, fold_head(head), head),
            functools.partial(pose_head, head),
        )
    )
    yield from folded.checks(made, plain)
    row = contour_row(given.get("pose_params"), given.get("neck_pose"))
    if "dynamic_row" in fixture.outputs:
        yield Check("dynamic_row", row, fixture.outputs["dynamic_row"], 0)
    if "cot_vertices" in fixture.inputs:
        yield from gradients(fixture, head, given)


def synthetic_head(fixture: Fixture) -> HeadModel:
    """The head that a file's ``synthetic`` entry describes, checked by its sums."""
    meta = fixture.meta["synthetic"]
    assets = synthetic_assets(meta["seed"], tuple(meta["topology"]))
    for name, sums in fixture.meta["asset_check_sum_and_abs_sum"].items():
        array = np.asarray(assets[name], np.float64)
        np.testing.assert_allclose([array.sum(), np.abs(array).sum()], sums, rtol=1e-9)
    head = flame_from_arrays(assets)
    return head.replace(
        identity_basis=head.identity_basis[..., : fixture.meta["n_shape"]],
        expression_basis=head.expression_basis[..., : fixture.meta["n_exp"]],
        identity_names=(),
        expression_names=(),
    )


@functools.lru_cache(maxsize=2)
def synthetic_assets(seed: int, topology: tuple[int, int, int, int, int]) -> dict:
    """Arrays of ``make_synthetic_flame``; seconds for the full topology."""
    return make_synthetic_flame(seed, topology)


@jax.jit
def posed_outputs(head: HeadModel, parameters: HeadParameters) -> dict[str, jax.Array]:
    """Everything that a file may store, by published name."""
    posed = pose_head(head, parameters)
    without = pose_head(head, parameters.replace(eyelid_params=None))
    return {
        "vertices": posed.vertices,
        "posed_joints": posed.joints,
        "vertices_no_eyelid": without.vertices,
        "landmarks_fan": landmarks_68(head, posed.vertices, parameters),
        "landmarks_fan_3d": landmarks_68_fixed(head, posed.vertices),
        "landmarks_mp": landmarks_mediapipe_105(head, posed.vertices),
    }


def compare_sampled(fixture: Fixture, name: str, value: jax.Array) -> Iterator[Check]:
    """Checks an output whole, or its stored entries, shape, mean and spread."""
    stored = fixture.outputs
    index = stored.get(f"{name}__flat_index")
    if index is None:
        yield Check(name, value, stored[name], VERTEX_ATOL)
        return
    value = np.asarray(value, np.float64)
    yield Check(name, value.reshape(-1)[index], stored[name], VERTEX_ATOL)
    yield Check(f"{name}__shape", value.shape, stored[f"{name}__shape"], 0)
    spread = [value.mean(), value.std()]
    yield Check(f"{name}__mean_std", spread, stored[f"{name}__mean_std"], VERTEX_ATOL)


def gradients(
    fixture: Fixture, head: HeadModel, given: dict[str, np.ndarray]
) -> Iterator[Check]:
    """Gradients of weighted vertices and landmarks with respect to every input."""

    def weighted(given: dict[str, jax.Array]) -> jax.Array:
        outputs = posed_outputs(head, HeadParameters(**given))
        return sum(
            jnp.sum(outputs[name] * fixture.inputs[f"cot_{name}"])
            for name in ("vertices", "landmarks_mp")
        )

    found = jax.jit(jax.grad(weighted))(given)
    for name, field in FIELDS.items():
        expected = fixture.outputs[f"grad_{name}"]
        atol = GRADIENT_SHARE * np.abs(expected).max()
        yield Check(f"grad_{name}", found[field], expected, atol)


PARTS: dict[str, Part] = {"rodrigues": rotations, "flame": flame}
