"""The published configs at their published sizes: one step of every stage runs."""

import dataclasses

import jax
import numpy as np
import pytest

from configs.smirk import pretrain, train
from face_jax.heads.flame import flame_from_arrays
from face_jax.heads.storage import save_head
from face_jax.smirk.networks import ENCODERS
from face_jax.systems import build_task
from tests.parity.synthetic_flame import make_synthetic_flame
from tests.train.on_mesh import one_device, steps

ROWS, SIDE, RECOGNITION_SIDE = 2, 224, 112
STEPS = {"pretraining": 0, "cycle_generator": 0, "cycle_encoder": 1}
PARAMETERS = {
    "pose_encoder": 432_350,
    "shape_encoder": 1_701_508,
    "expression_encoder": 1_466_063,
    "generator": 31_367_171,
}


@pytest.fixture(scope="module")
def head(tmp_path_factory):
    """A head with FLAME's numbers of vertices, triangles and directions."""
    assets = make_synthetic_flame(0)
    face = np.zeros(len(assets["v_template"]), bool)
    face[assets["mask_face"]] = True
    made = dataclasses.replace(flame_from_arrays(assets), regions={"face": face})
    path = tmp_path_factory.mktemp("flame") / "head.npz"
    save_head(path, made)
    return str(path)


def published_task(head, phase):
    """The task of a config, with random weights in its teachers' places."""
    first = phase == "pretraining"
    config = (pretrain if first else train).get_config()
    teachers = ("mica",) if first else ("vgg16", "emotion")
    config.task.networks.head = head
    for name in teachers:
        config.task[f"{name}_weights"] = "random"
    return build_task(config.system, config.task.to_dict())


def batch_of(task):
    """Noise for pictures, landmarks anywhere in the middle."""
    random = np.random.default_rng(0)

    def uniform(*shape):
        return random.uniform(-0.5, 0.5, (ROWS, *shape)).astype(np.float32)

    def pictures(side):
        coarse = random.integers(0, 256, (ROWS, 7, 7, 3), np.uint8)
        return coarse.repeat(side // 7, axis=1).repeat(side // 7, axis=2)

    hull_mask = np.ones((ROWS, SIDE, SIDE), np.uint8)
    hull_mask[:, 56:168, 56:168] = 0
    found = {
        "image": pictures(SIDE),
        "hull_mask": hull_mask,
        "landmarks_mediapipe": uniform(105, 2),
        "has_landmarks_mediapipe": np.ones(ROWS, bool),
        "landmarks_68": uniform(68, 2),
        "has_landmarks_68": np.ones(ROWS, bool),
        "item_id": np.arange(ROWS, dtype=np.int32),
    }
    if "mica" in task.teachers():
        found["recognition_image"] = pictures(RECOGNITION_SIDE)
    return found


def test_networks_have_the_published_numbers_of_parameters(head):
    task = published_task(head, "cycle_encoder")
    shapes = jax.eval_shape(task.init, jax.random.key(0), batch_of(task))
    for name, count in PARAMETERS.items():
        found = sum(leaf.size for leaf in jax.tree.leaves(shapes[name]["params"]))
        assert found == count, name


@pytest.mark.slow
@pytest.mark.parametrize("phase", STEPS)
def test_one_real_step_at_full_size(head, phase):
    task = published_task(head, phase)
    assert task.phase(STEPS[phase]).step == phase
    before, after, (metrics,) = steps(task, batch_of(task), one_device(), phase)
    assert int(after.guard.step) == -1 and int(after.step) == 1
    assert all(np.isfinite(value) for value in metrics.values())
    for update in task.updates(task.phase(STEPS[phase])):
        assert metrics[f"{update.name}/gradient_norm"] > 0
    still = set(ENCODERS) - set(task.optimizers())
    assert still == (set() if phase == "pretraining" else set(ENCODERS[:2]))
    for name in still:
        jax.tree.map(
            np.testing.assert_array_equal, before.frozen[name], after.frozen[name]
        )
