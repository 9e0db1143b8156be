"""FSRT's training: phases, who moves, what the losses are made of, and sharding."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.fsrt import draws as drawing
from face_jax.fsrt.rendering import assemble, assemble_lattices, pixels_at
from face_jax.train import partitioning
from face_jax.train.step import StepOptions, compile_step, train_step, update_gradients
from face_jax.train.task import Phase
from tests.fsrt.small_task import SIDE, random_batch, small_task
from tests.train.on_mesh import first_gradients, one_device, start

PHASES = ("phase1", "phase2", "phase3_warmup", "phase3")


def test_phases_follow_the_schedule():
    task = small_task(phase2_start=10, phase3_start=20, discriminator_warmup=5)
    names = [task.phase(step).step for step in (0, 9, 10, 19, 20, 24, 25, 10**6)]
    assert names == [
        *("phase1", "phase1", "phase2", "phase2"),
        *("phase3_warmup", "phase3_warmup", "phase3", "phase3"),
    ]
    forever = small_task(phase2_start=None, phase3_start=None)
    assert forever.phase(10**7).step == "phase1"
    assert "discriminator" not in forever.optimizers()


@pytest.mark.parametrize(
    ("phase", "terms"),
    [
        ("phase1", set()),
        pytest.param("phase2", {"perceptual"}, marks=pytest.mark.slow),
        pytest.param("phase3_warmup", {"perceptual"}, marks=pytest.mark.slow),
        pytest.param(
            "phase3",
            {"perceptual", "gan", "feature_matching"},
            marks=pytest.mark.slow,
        ),
    ],
)
def test_each_phase_moves_its_networks_by_its_terms(phase, terms):
    task, batch = small_task(), random_batch(2)
    state, batch, *_ = start(task, batch, one_device())
    step = jax.jit(
        lambda s, b, k: train_step(task, Phase(step=phase), StepOptions(), s, b, k)
    )
    new, metrics = step(state, batch, jax.random.key(1))
    found = {n.split("/")[1] for n in metrics if n.startswith("generator/")}
    always = {"mse", "invariance", "variance", "covariance", "loss"}
    assert (
        found - {n for n in found if n.endswith(("_norm", "_rate"))} == terms | always
    )
    named = [metrics[f"generator/{n}"] for n in (terms | always) - {"loss"}]
    np.testing.assert_allclose(sum(named), metrics["generator/loss"], rtol=1e-5)
    moved = {
        name: any(
            bool(jnp.any(a != b))
            for a, b in zip(
                jax.tree.leaves(state.params[name]),
                jax.tree.leaves(new.params[name]),
                strict=True,
            )
        )
        for name in state.params
    }
    adversarial = phase.startswith("phase3")
    assert moved.pop("discriminator") == adversarial
    assert all(moved.values())
    assert set(new.frozen) == {"keypoint_detector", "vgg19"}


@pytest.mark.parametrize("keypoints", ["learned", "landmarks"])
def test_detectors_without_a_download_train(keypoints):
    task = small_task(keypoints=keypoints, phase2_start=None, phase3_start=None)
    batch = random_batch(2, sources=2, driving=3)
    state, batch, *_ = start(task, batch, one_device())
    update = task.updates(Phase(step="phase1"))[0]
    gradients, _, aux = jax.jit(
        lambda s, b, k: update_gradients(update, s, b, k, {}, StepOptions())
    )(state, batch, jax.random.key(1))
    assert ("equivariance" in aux.metrics) == (keypoints == "learned")
    norms = jax.tree.map(jnp.linalg.norm, gradients["keypoint_detector"])
    assert all(float(v) > 0 for v in jax.tree.leaves(norms["hourglass"]))
    with_head = float(norms["head"]["kernel"]) > 0
    assert with_head == (keypoints == "learned")


def test_lattices_and_their_assembly_cover_the_image_once():
    for x0 in range(2):
        for y0 in range(2):
            sampled, remaining = drawing.lattice(jnp.int32(x0), jnp.int32(y0), 2, 8)
            rows, columns = np.divmod(np.asarray(sampled), 8)
            assert set(rows % 2) == {y0}
            assert set(columns % 2) == {x0}
            both = np.concatenate([sampled, remaining])
            np.testing.assert_array_equal(np.sort(both), np.arange(64))
            image = np.random.default_rng(0).random((1, 1, 8, 8, 3), np.float32)
            parts = [jnp.asarray(p)[None, None] for p in (sampled, remaining)]
            colors = [pixels_at(image, p) for p in parts]
            np.testing.assert_array_equal(assemble(*parts, *colors, 8), image)
            number = jnp.asarray([2 * x0 + y0])
            together = assemble_lattices(*colors, number, 2, 8)
            np.testing.assert_array_equal(together, image)


def test_random_positions_do_not_repeat():
    positions, rest, _ = drawing.random_positions(jax.random.key(0), 3, 2, 60, 8)
    assert rest.shape == (3, 2, 0)
    for flat in np.asarray(positions).reshape(-1, 60):
        assert len(set(flat)) == 60
    split, rest, _ = drawing.random_split(jax.random.key(0), 1, 1, 16, 8)
    both = np.concatenate([split, rest], axis=-1).reshape(-1)
    np.testing.assert_array_equal(np.sort(both), np.arange(64))


def test_focused_positions_gather_around_keypoints():
    points = jnp.asarray([[[[-0.5, -0.5]]], [[[0.5, 0.5]]]])
    positions, rest, _ = drawing.focused_positions(
        jax.random.key(0), points, 200, 64, focus=20.0, radius=0.15
    )
    assert positions.shape == (2, 1, 200) and rest.shape == (2, 1, 0)
    for flat, row in zip(np.asarray(positions)[:, 0], (15.5, 47.5), strict=True):
        assert len(set(flat)) == 200
        distance = np.hypot(flat // 64 - row, flat % 64 - row)
        # 452 pixels lie within three radii: 11 % of the picture, about half the weight.
        assert 0.35 < np.mean(distance < 3 * 0.15 * 32) < 0.75
    even, *_ = drawing.focused_positions(jax.random.key(0), points, 200, 64, 0.0, 0.15)
    assert 0.05 < np.mean(np.hypot(even[0] // 64 - 16, even[0] % 64 - 16) < 14.4) < 0.25


@pytest.mark.parametrize("field", ["keypoint_focus", "pose_weight"])
def test_what_keypoints_tell_needs_landmarks(field):
    with pytest.raises(ValueError, match=rf"task\.{field}: only with"):
        small_task(**{field: 4.0})


def test_statistics_per_shard_are_means_over_the_shards_alone():
    """Two shards give the mean of what each half of the batch gives by itself."""
    task = small_task(statistics_shards=2, color_jitter=False)
    whole_batch = small_task(color_jitter=False)
    batch = random_batch(4)
    state, *_ = start(task, batch, one_device())
    both = _regularization(task, state, batch, coin=0.1)
    halves = [
        _regularization(
            whole_batch, state, {n: v[i : i + 2] for n, v in batch.items()}, coin=0.1
        )
        for i in (0, 2)
    ]
    np.testing.assert_allclose(both, np.mean(halves, axis=0), rtol=1e-4)
    whole = _regularization(whole_batch, state, batch, coin=0.1)
    assert abs(whole[2] - both[2]) > 1e-3 * abs(both[2])


def _regularization(task, state, batch, coin):
    from face_jax.fsrt import objectives
    from face_jax.fsrt.views import color_views, describe_views

    def terms(variables, batch):
        rows = batch["driving_images"].shape[0]
        views = color_views(batch, jnp.full(rows, coin), task.color_jitter)
        description = describe_views(task.modules, variables, views, batch)
        return objectives.regularize_expressions(
            description, (1.0, 1.0, 1.0), task.statistics_shards, task.statistics
        )

    found = jax.jit(terms)(state.variables(), batch)
    return np.array([found[n] for n in ("invariance", "variance", "covariance")])


def test_a_mesh_agrees_with_one_device():
    """Gradients of the first step on all three axes at once."""
    task, batch = small_task(color_jitter=False), random_batch(8)
    reference = first_gradients(task, *start(task, batch, one_device())[:2], "phase1")[
        0
    ]
    mesh = partitioning.make_mesh(2, 2, 2)
    state, rows, *_ = start(task, batch, mesh)
    with jax.set_mesh(mesh):
        found, _ = first_gradients(task, state, rows, "phase1")
    _assert_close(found, reference)


@pytest.mark.slow
@pytest.mark.parametrize("phase", PHASES)
def test_meshes_agree_with_one_device_in_every_phase(phase):
    """Gradients of the first step and losses of five, whatever the mesh."""
    task, batch = small_task(), random_batch(8)
    reference = _gradients_and_losses(task, batch, one_device(), phase)
    for sizes in ((8, 1, 1), (2, 4, 1), (2, 2, 2)):
        mesh = partitioning.make_mesh(*sizes)
        gradients, losses = _gradients_and_losses(task, batch, mesh, phase)
        _assert_close(gradients, reference[0])
        np.testing.assert_allclose(losses[0], reference[1][0], rtol=1e-5)
        np.testing.assert_allclose(losses[4], reference[1][4], rtol=1e-4)


def _assert_close(gradients, reference):
    largest = max(np.linalg.norm(g) for g in jax.tree.leaves(reference))
    for ours, theirs in zip(
        jax.tree.leaves(gradients), jax.tree.leaves(reference), strict=True
    ):
        # Biases before an instance norm have gradient 0: only rounding is left.
        norm = max(np.linalg.norm(theirs), 1e-4 * largest)
        assert np.linalg.norm(ours - theirs) <= 1e-4 * norm


def _gradients_and_losses(task, batch, mesh, phase):
    state, batch, shardings, rows = start(task, batch, mesh)
    if mesh.size > 1:
        kernels = state.params["encoder"]["blocks_0"]["attention"]["qkv"]["kernel"]
        assert kernels.sharding.is_fully_replicated == (mesh.shape["data"] == mesh.size)
    with jax.set_mesh(mesh):
        gradients, _ = first_gradients(task, state, batch, phase)
        step = compile_step(
            task,
            Phase(step=phase),
            StepOptions(),
            shardings,
            rows,
            partitioning.replicated(mesh),
        )
        losses = []
        for _ in range(5):
            state, metrics = step(state, batch, jax.random.key(7))
            losses.append([float(v) for n, v in metrics.items() if "loss" in n])
    return gradients, losses


def test_missing_weights_are_named():
    with pytest.raises(ValueError, match=r"task\.keypoint_detector_weights"):
        small_task(keypoint_detector_weights=None).pretrained()
    with pytest.raises(FileNotFoundError, match=r"nowhere\.npz"):
        small_task(vgg19_weights="nowhere.npz").pretrained()


def test_without_vgg_there_is_no_perceptual_loss():
    task = small_task(vgg19_weights=None)
    assert not task.has_perceptual
    assert task.teachers() == ()
    assert task.modules.image_size == SIDE
