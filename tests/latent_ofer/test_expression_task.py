"""DAN's training: its terms by hand, what moves, whom it finds."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.latent_ofer.patches import normalize
from face_jax.nn.resample import resize_antialiased
from face_jax.train.step import StepOptions, train_step
from tests.latent_ofer.small_tasks import (
    EXPRESSION_SIDE,
    SIDE,
    expression_task,
    random_batch,
    state_of,
    variables_of,
)


@pytest.fixture(scope="module")
def both():
    """One step, and what the network says of the batch before it, in one program."""
    task, batch = expression_task(), random_batch()
    state = state_of(task, batch)

    @jax.jit
    def run(state, batch, key):
        images = batch["image"].astype(jnp.float32) / 255
        shown = normalize(resize_antialiased(images, (EXPRESSION_SIDE,) * 2))
        variables = state.variables()["expression"]
        output, _ = task.module.apply(
            variables, shown, train=True, mutable=["batch_stats"]
        )
        new = train_step(task, task.phase(0), StepOptions(), state, batch, key)
        return output, *new

    return state, *jax.device_get(run(state, batch, jax.random.key(0)))


@pytest.fixture(scope="module")
def stepped(both):
    """The state before and after one step, and its metrics."""
    before, _, after, metrics = both
    return before, after, metrics


@pytest.fixture(scope="module")
def output(both):
    return both[1]


def test_the_loss_is_the_sum_of_three_terms(stepped, output):
    state, _, metrics = stepped
    labels, rows = random_batch()["label"], np.arange(8)
    logits = np.float64(output.logits)
    shares = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    centers = np.float64(state.params["centers"]["centers"])
    offsets = output.features.mean(axis=(1, 2)) - centers[labels]
    spread = centers.var(axis=0, ddof=1).sum()
    between = np.float64(output.heads).var(axis=1, ddof=1).mean()
    expected = {
        "classification": -shares[rows, labels].mean(),
        "affinity": np.mean(np.square(offsets).sum(axis=1) / spread),
        "partition": np.log(1 + 2 / between),
    }
    for name, value in expected.items():
        np.testing.assert_allclose(metrics[f"expression/{name}"], value, rtol=1e-4)
    total = sum(expected.values())
    np.testing.assert_allclose(metrics["expression/loss"], total, rtol=1e-4)
    right = np.mean(logits.argmax(axis=1) == labels)
    np.testing.assert_allclose(metrics["expression/accuracy"], right)


def test_network_centres_and_statistics_move(stepped):
    before, after, _ = stepped
    for part in ("params", "model_state"):
        trees = (getattr(state, part) for state in (before, after))
        for one, other in zip(*map(jax.tree.leaves, trees), strict=True):
            assert np.any(one != other)
    assert set(after.params) == {"expression", "centers"}
    labels = set(random_batch()["label"].tolist())
    centers = [state.params["centers"]["centers"] for state in (before, after)]
    # Those of other classes move as well: they are part of the spread.
    assert labels < set(range(7)) and np.all(np.any(centers[0] != centers[1], axis=1))


@pytest.mark.parametrize("picture", ["image", "clean_image"])
def test_figures_and_sheet_are_of_the_chosen_picture(picture):
    task, batch = expression_task(picture=picture), random_batch()
    other = ({"image", "clean_image"} - {picture}).pop()
    given = {name: rows for name, rows in batch.items() if name != other}
    outputs = jax.eval_shape(
        task.predict,
        jax.eval_shape(lambda: task.init(jax.random.key(0), batch)),
        given,
    )
    assert outputs["probabilities"].shape == (8, 7)
    found = {"probabilities": np.eye(7, dtype=np.float32)[[0] * 8]}
    accuracy = task.metrics(batch, found)["accuracy"]
    np.testing.assert_array_equal(accuracy, batch["label"] == 0)
    sheet = task.pictures(given, found)["expressions"]
    assert sheet.dtype == np.uint8 and sheet.shape[1] == 8 * 2 * SIDE + 9 * 4


def test_probabilities_are_those_of_the_network_at_rest():
    task, batch = expression_task(), random_batch()
    variables = variables_of(task, batch)
    predict = jax.jit(task.predict)
    found = predict(variables, batch)["probabilities"]
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)
    one = {name: rows[3:4].repeat(8, axis=0) for name, rows in batch.items()}
    alone = predict(variables, one)["probabilities"]
    np.testing.assert_allclose(alone[0], found[3], rtol=1e-4)


def test_without_affinity_there_are_no_centres():
    task, batch = expression_task(weights={"partition": 1.0}), random_batch()
    variables = jax.eval_shape(lambda: task.init(jax.random.key(0), batch))
    assert set(variables) == set(task.optimizers()) == {"expression"}
    _, aux = jax.eval_shape(task.loss, variables, batch, jax.random.key(0), {})
    assert set(aux.metrics) == {"classification", "partition", "accuracy"}


def test_classes_are_those_of_the_data():
    assert expression_task(dataset="affectnet_8").module.num_classes == 8


def test_settings_that_cannot_be_trained_are_refused():
    for changes, message in (
        ({"dataset": "faces"}, "faces"),
        ({"picture": "mask"}, r"task\.picture: expected one of image, clean_image"),
        (
            {"weights": {"center": 1.0}},
            r"task\.weights: expected some of class.*center",
        ),
    ):
        with pytest.raises(ValueError, match=message):
            expression_task(**changes)
