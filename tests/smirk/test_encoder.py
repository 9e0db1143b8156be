import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.nn.mobilenet_v3 import MobileNetV3
from face_jax.nn.patch_net import PatchNet
from face_jax.smirk.encoder import (
    EncodedFace,
    Encoders,
    ExpressionEncoder,
    PoseEncoder,
    ShapeEncoder,
    encode,
    mean_places,
    shares_of_cells,
)
from tests.filled import fill

TINY = Encoders(
    PoseEncoder(variant="tiny"),
    ShapeEncoder(num_shape=7, variant="tiny"),
    ExpressionEncoder(num_expression=4, variant="tiny"),
)
NAMES = ("pose_encoder", "shape_encoder", "expression_encoder")
RUN = jax.jit(functools.partial(encode, TINY))


def pictures():
    return jax.random.uniform(jax.random.key(0), (2, 32, 32, 3))


@pytest.fixture(scope="module")
def variables():
    return {name: fill(getattr(TINY, name), pictures()) for name in NAMES}


def with_head(variables, kernel, bias):
    params = {**variables["params"], "head": {"kernel": kernel, "bias": bias}}
    return {**variables, "params": params}


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("pose_encoder", 432_350),
        ("shape_encoder", 1_701_508),
        ("expression_encoder", 1_466_063),
    ],
)
def test_published_sizes(name, count):
    images = jax.ShapeDtypeStruct((1, 224, 224, 3), jnp.float32)
    module = getattr(Encoders(), name)
    shapes = jax.eval_shape(module.init, jax.random.key(0), images)
    assert sum(leaf.size for leaf in jax.tree.leaves(shapes["params"])) == count


def initial_head(name):
    """Initial values of an encoder's last layer alone."""
    module = getattr(TINY, name)
    init = jax.jit(lambda key: module.init(key, pictures())["params"]["head"])
    return init(jax.random.key(1))


def test_untrained_encoders_answer_a_neutral_face_at_the_camera_scale(variables):
    heads = {name: initial_head(name) for name in NAMES}
    given = {
        name: with_head(variables[name], head["kernel"], head["bias"])
        for name, head in heads.items()
    }
    face, _ = RUN(given, pictures())
    np.testing.assert_array_equal(face.camera[:, 0], 7.0)
    np.testing.assert_array_equal(face.head.shape_params, np.zeros((2, 7)))
    pose = np.delete(heads["pose_encoder"]["kernel"], 3, axis=1)
    assert_uniform(pose, 0.001)
    assert np.abs(np.delete(heads["pose_encoder"]["bias"], 3)).max() < 0.001
    for array in heads["expression_encoder"].values():
        assert_uniform(array, 0.1)


def assert_uniform(array, share):
    """Values that fill a share of PyTorch's default range for 96 inputs."""
    limit = share / np.sqrt(96)
    assert 0.7 * limit < np.abs(array).max() <= limit


def test_outputs_are_parts_of_the_heads_in_the_published_order(variables):
    count = TINY.expression_encoder.num_expression + 5
    bias = np.linspace(0.01, 0.1, count, dtype=np.float32)
    constant = {
        "pose_encoder": np.arange(6, dtype=np.float32),
        "shape_encoder": np.arange(7, dtype=np.float32),
        "expression_encoder": bias,
    }
    given = {
        name: with_head(variables[name], np.zeros((96, len(value)), np.float32), value)
        for name, value in constant.items()
    }
    face, _ = RUN(given, pictures())
    np.testing.assert_allclose(face.head.pose_params[1], [0, 1, 2])
    np.testing.assert_allclose(face.camera[1], [3, 4, 5])
    np.testing.assert_allclose(face.head.shape_params[0], np.arange(7))
    np.testing.assert_allclose(face.head.expression_params[0], bias[:4])
    np.testing.assert_allclose(face.head.eyelid_params[0], bias[4:6])
    np.testing.assert_allclose(face.head.jaw_params[0], bias[6:])


@pytest.mark.parametrize(
    ("raw", "eyelids", "jaw"),
    [
        ((-0.5, 1.5, -1.0, -0.3, 0.3), (0.0, 1.0), (0.0, -0.2, 0.2)),
        ((0.25, 0.75, 1.5, 0.1, -0.1), (0.25, 0.75), (1.5, 0.1, -0.1)),
    ],
    ids=["limited", "within"],
)
def test_eyelids_and_jaw_stay_within_their_limits(variables, raw, eyelids, jaw):
    bias = np.array([9.0, -9.0, 9.0, -9.0, *raw], np.float32)
    kernel = np.zeros((96, 9), np.float32)
    expression_encoder = with_head(variables["expression_encoder"], kernel, bias)
    face, _ = RUN({**variables, "expression_encoder": expression_encoder}, pictures())
    np.testing.assert_allclose(face.head.expression_params[1], bias[:4])
    np.testing.assert_allclose(face.head.eyelid_params[0], eyelids)
    np.testing.assert_allclose(face.head.jaw_params[0], jaw)


def test_the_mean_of_the_last_map_enters_the_head(variables):
    kernel = np.random.default_rng(0).normal(size=(96, 7)).astype(np.float32)
    encoder = variables["shape_encoder"]
    given = with_head(encoder, kernel, np.zeros(7, np.float32))
    face, _ = RUN({**variables, "shape_encoder": given}, pictures())
    backbone = {name: tree["backbone"] for name, tree in encoder.items()}
    last = jax.jit(MobileNetV3("tiny").apply)(backbone, pictures())[-1]
    expected = np.asarray(last, np.float64).mean((1, 2)) @ kernel
    atol = 1e-5 * np.abs(expected).max()
    np.testing.assert_allclose(face.head.shape_params, expected, atol=atol)


def test_only_encoders_in_training_follow_the_batch(variables):
    images = pictures()
    run = jax.jit(lambda v, x: encode(TINY, v, x, train=("expression_encoder",)))
    face, changed = run(variables, images)
    assert isinstance(face, EncodedFace)
    still, none = RUN(variables, images)
    assert none == {}
    assert set(changed) == {"expression_encoder"}
    old = variables["expression_encoder"]["batch_stats"]["backbone"]["stem_norm"]
    new = changed["expression_encoder"]["batch_stats"]["backbone"]["stem_norm"]
    assert (np.asarray(new["mean"]) != old["mean"]).all()
    np.testing.assert_allclose(face.camera, still.camera, rtol=1e-4)
    moved = face.head.expression_params - still.head.expression_params
    assert np.abs(moved).max() > 1e-3


def test_an_unknown_encoder_is_refused(variables):
    with pytest.raises(ValueError, match=r"train: expected some of .*\['generator'\]"):
        encode(TINY, variables, pictures(), train=("generator",))


def test_an_unknown_backbone_is_refused():
    module = ShapeEncoder(num_shape=4, variant="huge")
    with pytest.raises(
        ValueError, match=r"variant: .*'small'.*'patches_small'\], got 'huge'"
    ):
        module.init(jax.random.key(0), pictures())


@pytest.mark.parametrize(
    ("variant", "channels"), [("patches", 128), ("patches_small", 96)]
)
def test_backbones_of_patches_go_by_their_size(variant, channels):
    module = ShapeEncoder(num_shape=4, variant=variant)
    shapes = jax.eval_shape(module.init, jax.random.key(0), pictures())
    assert shapes["params"]["head"]["kernel"].shape == (channels, 4)


def test_parameters_and_results_are_float32_in_shorter_computations(variables):
    module = dataclasses.replace(TINY.expression_encoder, dtype=jnp.bfloat16)
    shapes = jax.eval_shape(module.init, jax.random.key(0), pictures())
    assert {leaf.dtype for leaf in jax.tree.leaves(shapes)} == {np.dtype("float32")}
    found = jax.eval_shape(module.apply, shapes, pictures())
    assert {x.dtype for x in found} == {np.dtype("float32")}


def test_gains_scale_the_outputs_and_keep_the_camera_scale(variables):
    gains = (0.1, 0.2, 0.3, 0.5, 0.01, 0.02)
    scaled = dataclasses.replace(
        TINY,
        pose_encoder=PoseEncoder(variant="tiny", gains=gains),
        expression_encoder=ExpressionEncoder(4, gain=0.1, variant="tiny"),
        shape_encoder=ShapeEncoder(7, gain=0.2, variant="tiny"),
    )
    plain, _ = RUN(variables, pictures())
    face, _ = jax.jit(functools.partial(encode, scaled))(variables, pictures())
    pose = np.concatenate([plain.head.pose_params, plain.camera], axis=1)
    found = np.concatenate([face.head.pose_params, face.camera], axis=1)
    np.testing.assert_allclose(found, pose * np.array(gains), rtol=1e-5)
    expected = 0.1 * plain.head.expression_params
    np.testing.assert_allclose(face.head.expression_params, expected, rtol=1e-5)
    np.testing.assert_allclose(
        face.head.shape_params, 0.2 * plain.head.shape_params, rtol=1e-5
    )
    init = jax.jit(lambda key: scaled.pose_encoder.init(key, pictures()))
    _, camera = scaled.pose_encoder.apply(init(jax.random.key(0)), pictures())
    np.testing.assert_allclose(camera[:, 0], 7.0, rtol=1e-6)


def test_mean_places_are_those_of_the_probable_cells():
    logits = np.full((1, 4, 5, 3), -100.0, np.float32)
    logits[0, 0, 4, 0] = 100.0
    logits[0, 2, 1:3, 1] = 100.0
    logits[..., 2] = 0.0
    places = mean_places(jnp.asarray(logits))
    expected = [[0.8, -0.75], [-0.2, 0.25], [0.0, 0.0]]
    np.testing.assert_allclose(places[0], expected, atol=1e-6)


def test_the_places_of_learned_points_enter_the_head_after_the_mean():
    module = ShapeEncoder(num_shape=4, variant="patches", points=2)
    variables = fill(module, pictures())
    kernel = np.zeros((128 + 4, 4), np.float32)
    kernel[128:] = np.eye(4)
    given = with_head(variables, kernel, np.zeros(4, np.float32))
    found = jax.jit(module.apply)(given, pictures())
    backbone = {name: tree["backbone"] for name, tree in variables.items()}
    maps = jax.jit(PatchNet().apply)(backbone, pictures())
    near, around = (np.asarray(seen, np.float64) for seen in maps[-2:])
    layer, regions = (variables["params"][name] for name in ("points", "regions"))
    enlarge = np.array([[4, 0], [3, 1], [1, 3], [0, 4]]) / 4
    around = np.einsum("yv,xu,bvuc->byxc", enlarge, enlarge, around)
    logits = near @ layer["kernel"][0, 0] + layer["bias"]
    logits += around @ regions["kernel"][0, 0]
    weights = np.exp(logits) / np.exp(logits).sum((1, 2), keepdims=True)
    line = (np.arange(4) + 0.5) / 2 - 1
    x, y = (
        np.einsum("bhwp,w->bp", weights, line),
        np.einsum("bhwp,h->bp", weights, line),
    )
    expected = np.stack([x, y], axis=-1).reshape(2, 4)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_shares_of_cells_tell_where_and_sum_to_the_mean():
    features = np.random.default_rng(0).normal(size=(2, 4, 6, 3)).astype(np.float32)
    shares = np.asarray(shares_of_cells(jnp.asarray(features), 2)).reshape(2, 2, 2, 3)
    np.testing.assert_allclose(shares.sum((1, 2)), features.mean((1, 2)), atol=1e-6)
    corner = features[:, 2:, :3].sum((1, 2)) / 24
    np.testing.assert_allclose(shares[:, 1, 0], corner, atol=1e-6)
    with pytest.raises(ValueError, match="cells: expected a divisor of the last map"):
        shares_of_cells(jnp.asarray(features), 4)
