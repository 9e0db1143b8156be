"""All stages in one program against the stages one by one; models from folders."""

import dataclasses

import jax
import numpy as np
import pytest

from face_jax.latent_ofer import model as models
from face_jax.latent_ofer.cam import class_activation_maps, shown_maps
from face_jax.latent_ofer.detector import detect
from face_jax.latent_ofer.labels import label_map
from face_jax.latent_ofer.patches import normalize
from face_jax.latent_ofer.pipeline import recognize
from face_jax.latent_ofer.refinement import reconstruct
from face_jax.latent_ofer.token_selection import keep_tokens, relevant_tokens
from face_jax.nn.resample import resize_antialiased
from tests.convert.trees import assert_trees_equal
from tests.latent_ofer.small_pipeline import save_pipeline, small_model
from tests.latent_ofer.small_tasks import (
    EXPRESSION_SIDE,
    GRID,
    ROWS,
    SIDE,
    detector_task,
    random_batch,
    recognizer_task,
    save_run,
    token_batch,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Work directory of a pipeline whose stages are saved."""
    return save_pipeline(tmp_path_factory.mktemp("stages"))


@pytest.fixture(scope="module")
def model():
    return small_model()


@pytest.fixture(scope="module")
def found(model):
    return models.classify(model, random_batch()["image"])


@pytest.fixture(scope="module")
def by_hand(model):
    """Detection, reconstruction, relevance and probabilities, stage after stage."""
    pipeline, variables = model.pipeline, model.variables

    @jax.jit
    def run(variables, images):
        detection = detect(pipeline.detector, variables, images)
        made = reconstruct(pipeline.refinement, variables, images, detection.mask)
        shown = normalize(resize_antialiased(made.images, (EXPRESSION_SIDE,) * 2))
        maps = class_activation_maps(
            pipeline.expression, variables["expression"], shown
        ).maps
        # 32 pixels for four patches: eight each.
        blocks = shown_maps(maps, (EXPRESSION_SIDE,) * 2).reshape(
            ROWS, -1, GRID, 8, GRID, 8
        )
        relevance = blocks.mean(axis=(1, 3, 5))
        latents = keep_tokens(made.tokens, relevant_tokens(relevance, GRID**2 // 2))
        out = pipeline.recognizer.apply(variables["recognizer"], shown, latents)
        return detection, made, relevance, jax.nn.softmax(out.logits)

    return run(variables, np.float32(random_batch()["image"]) / 255)


def test_one_program_finds_what_the_stages_find(found, by_hand):
    detection, made, relevance, probabilities = by_hand
    mask = np.asarray(found.mask)
    assert 0.4 < mask.mean() < 0.6
    np.testing.assert_array_equal(mask.reshape(ROWS, -1), detection.mask)
    np.testing.assert_array_equal(mask, np.asarray(found.scores) > 1)
    np.testing.assert_allclose(found.scores.reshape(ROWS, -1), detection.scores, 1e-4)
    np.testing.assert_allclose(found.images, made.images, atol=1e-4)
    np.testing.assert_allclose(found.coarse, made.coarse, atol=1e-5)
    np.testing.assert_allclose(found.relevance, relevance, atol=1e-3)
    np.testing.assert_allclose(found.probabilities, probabilities, atol=1e-3)


def test_shapes_are_those_of_the_pictures_patches(found, model):
    assert found.scores.shape == found.mask.shape == (ROWS, GRID, GRID)
    assert found.relevance.shape == (ROWS, GRID, GRID)
    assert found.images.shape == (ROWS, SIDE, SIDE, 3)
    assert found.probabilities.shape == (ROWS, len(model.classes))
    assert model.classes == label_map("raf_db").classes


def test_a_program_is_compiled_once_for_each_shape(found, model):
    compiled = models._classify._cache_size()
    models.classify(model, random_batch(seed=1)["image"])
    other = jax.device_put(jax.tree.map(lambda leaf: 2 * np.asarray(leaf), model))
    models.classify(other, random_batch()["image"])
    assert models._classify._cache_size() == compiled


def test_a_pipeline_is_loaded_folded_or_plain(folder, model):
    folded, again = models.load(folder), models.load(folder)
    assert folded.pipeline.recognizer.folded and folded.pipeline.expression.folded
    assert hash(folded.pipeline) == hash(again.pipeline)
    plain = models.load(folder, folded=False)
    assert plain.pipeline == model.pipeline
    assert "latent_branch" in plain.variables["recognizer"]["params"]


def test_models_loaded_twice_share_their_program(folder, model):
    again = models.load(folder, folded=False)
    assert jax.tree.structure(again) == jax.tree.structure(model)
    assert hash(again.pipeline) == hash(model.pipeline)
    # But for the sphere they are the same random numbers.
    ours, theirs = ({**m.variables, "sphere": {}} for m in (again, model))
    assert_trees_equal(ours, theirs)


def test_without_recogniser_a_model_only_sees(folder, by_hand):
    runs = {stage: folder / stage for stage in models.STAGES[:-1]}
    model = models.assemble(runs)
    images = random_batch()["image"]
    seen = jax.eval_shape(models.look, model, images)
    assert seen.relevance.shape == (ROWS, GRID, GRID)
    assert seen.reconstructed.images.shape == (ROWS, SIDE, SIDE, 3)
    with pytest.raises(ValueError, match="pipeline: expected a recogniser"):
        models.classify(model, images)


@pytest.mark.parametrize("selection", ["static", "all", "none"])
def test_other_selections_and_sizes_can_be_run(model, selection):
    task = recognizer_task(selection=selection)
    batch = token_batch()
    variables = jax.eval_shape(lambda: task.init(jax.random.key(0), batch))
    pipeline = dataclasses.replace(
        model.pipeline, recognizer=task.module, selection=selection
    )
    images = jax.ShapeDtypeStruct((2, 96, 80, 3), np.float32)
    found = jax.eval_shape(
        lambda v, x: recognize(pipeline, v, x), {**model.variables, **variables}, images
    )
    assert found.images.shape == (2, SIDE, SIDE, 3)
    assert found.probabilities.shape == (2, 7)


def test_kernel_svdd_decides_where_it_is_asked_for(folder, tmp_path):
    assert models.load(folder, "kernel").pipeline.detector.method == "kernel"
    deep = detector_task(kernel_samples=0)
    without = save_run(tmp_path / "deep", "detector", deep, random_batch())
    runs = {stage: folder / stage for stage in models.STAGES} | {"detector": without}
    with pytest.raises(ValueError, match=f"{without}: expected a detector with kernel"):
        models.assemble(runs, "kernel")
    with pytest.raises(ValueError, match="method: expected one of deep, kernel"):
        models.load(folder, "best")


def test_runs_that_do_not_fit_are_refused(folder, tmp_path):
    runs = {stage: folder / stage for stage in models.STAGES}
    swapped = {**runs, "expression": folder / "detector"}
    message = r"a checkpoint of latent_ofer.expression expected, got 'latent_ofer.detec"
    with pytest.raises(ValueError, match=message):
        models.assemble(swapped)
    with pytest.raises(FileNotFoundError, match="there is no detector, expression, re"):
        models.load(tmp_path)
    with pytest.raises(FileNotFoundError, match="no checkpoint"):
        models.assemble({**runs, "recognizer": tmp_path})
    with pytest.raises(ValueError, match="runs: expected detector, expression, refine"):
        models.assemble({"detector": runs["detector"]})
    wide = detector_task(network={**detector_task().network, "width": 16})
    other = save_run(tmp_path / "wide", "detector", wide, random_batch())
    with pytest.raises(ValueError, match="expected the same autoencoder"):
        models.assemble({**runs, "detector": other})
    batch = {**token_batch(), "tokens": token_batch()["tokens"][..., :6]}
    narrow = recognizer_task(token_width=6)
    other = save_run(tmp_path / "narrow", "recognizer", narrow, batch)
    with pytest.raises(
        ValueError, match=r"expected task\.grid 4 and .* 8 .* got 4 and 6"
    ):
        models.assemble({**runs, "recognizer": other})


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((2, 8, 8), np.uint8), r"images: expected \[B, H, W, 3\]"),
        (np.zeros((2, 8, 8, 3), np.float32), "images: expected uint8, got float32"),
    ],
)
def test_other_pictures_are_refused(model, images, message):
    for run in (models.classify, models.look):
        with pytest.raises(ValueError, match=message):
            run(model, images)
