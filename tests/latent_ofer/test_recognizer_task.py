"""The recogniser's training: what it is shown of the latents, and that it learns."""

import jax
import numpy as np
import pytest

from face_jax.train.checkpoints import load_variables
from face_jax.train.step import StepOptions, train_step
from tests.latent_ofer.small_tasks import (
    GRID,
    SIDE,
    TOKENS,
    expression_task,
    random_batch,
    recognizer_task,
    save_run,
    state_of,
    token_batch,
    variables_of,
)

KEY = jax.random.key(0)


def first_layer(task):
    """Rows of the latent branch's first kernel: numbers of all latents."""
    shapes = jax.eval_shape(lambda: task.init(KEY, token_batch()))
    return shapes["recognizer"]["params"]["latent_branch"]["dense_0"]["kernel"].shape[0]


def test_the_selection_says_how_many_latents_there_are():
    expected = {"static": 6, "relevant": GRID**2, "all": GRID**2}
    for selection, count in expected.items():
        task = recognizer_task(selection=selection)
        assert first_layer(task) == count * TOKENS
        assert len(task.partition_rules()) == 2


def without_latents():
    batch = dict(token_batch())
    del batch["tokens"], batch["relevance"]
    return recognizer_task(selection="none"), batch


def test_without_latents_no_tokens_are_needed():
    task, batch = without_latents()
    variables = jax.eval_shape(lambda: task.init(KEY, batch))
    assert "latent_branch" not in variables["recognizer"]["params"]
    loss, _ = jax.eval_shape(task.loss, variables, batch, KEY, {})
    found = jax.eval_shape(task.predict, variables, batch)["probabilities"]
    assert loss.shape == () and found.shape == (8, 7)
    assert task.partition_rules() == ()


@pytest.mark.slow
@pytest.mark.parametrize("latents", [False, True])
def test_it_learns_with_and_without_latents(latents):
    task, batch = without_latents()
    if latents:
        task, batch = recognizer_task(), token_batch()
    before = state = state_of(task, batch)

    @jax.jit
    def step(state, batch):
        return train_step(task, task.phase(0), StepOptions(), state, batch, KEY)

    losses = []
    for _ in range(5):
        state, metrics = step(state, batch)
        losses.append(float(metrics["recognizer/loss"]))
    assert losses[-1] < losses[0]
    for part in ("params", "model_state"):
        trees = (getattr(s, part) for s in (before, state))
        for one, other in zip(*map(jax.tree.leaves, trees), strict=True):
            assert np.any(one != other)


@pytest.fixture(scope="module")
def predict():
    return jax.jit(recognizer_task().predict)


@pytest.fixture(scope="module")
def variables():
    return variables_of(recognizer_task(), token_batch())


def test_irrelevant_latents_are_not_seen(predict, variables):
    batch = token_batch()
    found = predict(variables, batch)["probabilities"]
    order = np.argsort(batch["relevance"].reshape(8, -1), axis=1)
    rows, tokens = np.arange(8)[:, None], batch["tokens"].copy()
    tokens[rows, 1 + order[:, :8]] = 9  # the less relevant half
    tokens[:, 0] = 9  # the class token
    same = predict(variables, {**batch, "tokens": tokens})["probabilities"]
    np.testing.assert_array_equal(same, found)
    tokens[rows, 1 + order[:, 8:9]] = 9
    other = predict(variables, {**batch, "tokens": tokens})["probabilities"]
    assert np.all(np.any(other != found, axis=1))


def test_figures_and_sheet(predict, variables):
    task, batch = recognizer_task(), token_batch()
    found = jax.device_get(predict(variables, batch))
    np.testing.assert_allclose(found["probabilities"].sum(axis=1), 1, rtol=1e-5)
    right = found["probabilities"].argmax(axis=1) == batch["label"]
    np.testing.assert_array_equal(task.metrics(batch, found)["accuracy"], right)
    sheet = task.pictures(batch, found)["expressions"]
    assert sheet.dtype == np.uint8 and sheet.shape[1] == 8 * 2 * SIDE + 9 * 4


@pytest.mark.parametrize("field", ["grid", "token_width"])
def test_tokens_of_another_size_are_refused(field):
    changes = {"grid": 5} if field == "grid" else {"token_width": 7}
    with pytest.raises(ValueError, match=r"tokens of the data: expected \[8, "):
        recognizer_task(**changes).init(KEY, token_batch())


def test_settings_that_cannot_be_trained_are_refused():
    for changes, message in (
        ({"selection": "some"}, r"task\.selection: expected one of static, relevant"),
        (
            {"relevant_share": 0.0},
            r"task\.relevant_share: expected a share in \(0, 1\]",
        ),
        ({"dataset": "faces"}, "dataset: expected one of"),
    ):
        with pytest.raises(ValueError, match=message):
            recognizer_task(**changes)


def test_the_image_branch_goes_on_from_an_expression_network(tmp_path):
    other = expression_task()
    run = save_run(tmp_path, "expression", other, random_batch())
    task = recognizer_task(image_branch_from=str(run))
    (found,) = task.pretrained().items()
    known = load_variables(run)[0]["expression"]
    shapes = jax.eval_shape(lambda: task.init(KEY, token_batch()))["recognizer"]
    assert found[0] == "recognizer/image_branch"
    for collection in ("params", "batch_stats"):
        ours, theirs = found[1][collection], known[collection]["image_branch"]
        jax.tree.map(np.testing.assert_array_equal, ours, theirs)
        expected = jax.tree.map(np.shape, shapes[collection]["image_branch"])
        assert jax.tree.map(np.shape, ours) == expected
    with pytest.raises(ValueError, match=r"nothing beside task\.start_from"):
        recognizer_task(image_branch_from="a", start_from="b")
