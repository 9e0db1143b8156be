"""A loaded model: faces of pictures, their meshes and drawings, and what is made."""

import jax
import numpy as np
import pytest

from face_jax.smirk.convert import to_published
from face_jax.smirk.encoder import EncodedFace
from face_jax.smirk.inference import (
    Masking,
    decode,
    draw_choices,
    encode,
    first,
    from_published,
    load,
    reenact,
    render,
    resynthesise,
    take_motion,
)
from face_jax.smirk.masking import HOLES_SECOND_PATH
from tests.smirk.small_model import MASKING, save_checkpoint, small_model
from tests.smirk.small_task import NETWORKS, SIDE, random_batch, small_task, write_head

ROWS = 4


def assert_same(found, expected):
    jax.tree.map(np.testing.assert_array_equal, found, expected)


@pytest.fixture(scope="module")
def head(tmp_path_factory):
    return write_head(tmp_path_factory.mktemp("head"))


@pytest.fixture(scope="module")
def model(head):
    return small_model(head)


@pytest.fixture(scope="module")
def images():
    return random_batch()["image"][:ROWS]


@pytest.fixture(scope="module")
def faces(model, images):
    return encode(model, images)


def test_a_checkpoint_is_loaded_with_what_training_was_set_to(head, model, tmp_path):
    loaded = load(save_checkpoint(tmp_path, head), folded=False)
    assert loaded.masking == Masking(**MASKING) and loaded.has_generator
    assert loaded.image_size == SIDE
    assert_same(loaded.variables, model.variables)
    assert_same(loaded.head, model.head)
    assert loaded.crop_scale == 1.4


def test_a_run_knows_how_close_its_crops_were(head, tmp_path):
    items = {"smirk_item": {"plain_scale": 1.25}}
    assert load(save_checkpoint(tmp_path, head, data=items)).crop_scale == 1.25


@pytest.mark.slow
def test_predictions_are_those_of_the_task(head, model, images, faces):
    task = small_task(head, pretraining_steps=None, identity_teacher="truth")
    encoders = {n: v for n, v in model.variables.items() if n != "generator"}
    expected = jax.jit(task.predict)(encoders, {"image": images})
    projection, drawing = decode(model, faces), render(model, faces)
    found = {**vars(projection), "camera": faces.camera, "drawn": drawing.image}
    for name in ("vertices", "landmarks_68", "landmarks_105", "camera", "drawn"):
        np.testing.assert_allclose(found[name], expected[name], atol=1e-4)
    np.testing.assert_array_equal(drawing.covered, expected["covered"])
    assert drawing.covered.mean() > 0.05


def test_drawings_of_any_size_show_the_same(model, faces):
    large = render(model, faces, 2 * SIDE)
    assert large.image.shape == (ROWS, 2 * SIDE, 2 * SIDE, 3)
    share = render(model, faces).covered.mean(axis=(1, 2))
    np.testing.assert_allclose(large.covered.mean(axis=(1, 2)), share, atol=0.02)


def test_choices_are_the_same_for_every_frame_unless_a_key_is_given(model):
    same = draw_choices(model, ROWS)
    np.testing.assert_array_equal(same.noise[0], same.noise[2])
    key = jax.random.key(1)
    other = draw_choices(model, ROWS, key)
    assert not np.array_equal(other.noise[0], other.noise[2])
    assert_same(other, draw_choices(model, ROWS, key))


def test_motion_leaves_the_person_and_its_place(faces):
    source, driving = first(faces), faces
    moved = take_motion(source, driving)
    for row in range(ROWS):
        np.testing.assert_array_equal(
            moved.head.shape_params[row], source.head.shape_params[0]
        )
        np.testing.assert_array_equal(moved.camera[row], source.camera[0])
    for name in ("expression_params", "jaw_params", "eyelid_params", "pose_params"):
        np.testing.assert_array_equal(
            getattr(moved.head, name), getattr(driving.head, name)
        )
    still = take_motion(source, driving, pose=False).head
    np.testing.assert_array_equal(still.pose_params[2], source.head.pose_params[0])


def test_a_person_is_shown_with_the_faces_of_others(model, images, faces):
    covered = np.asarray(render(model, faces).covered)
    acted = reenact(model, images[0], first(faces), faces, 1 - covered[0])
    assert acted.image.shape == (ROWS, SIDE, SIDE, 3)
    drawn, masked = np.asarray(acted.drawing.image), np.asarray(acted.masked)
    assert np.abs(drawn[0] - drawn[1]).max() > 0.01
    # Beside the faces the photograph is that of the person, in every row; few pixels
    # are lent, and none at their old places.
    border = np.pad(covered[0], 1)
    near = np.lib.stride_tricks.sliding_window_view(border, (3, 3)).any(axis=(2, 3))
    beside = ~near & ~np.asarray(acted.drawing.covered)
    photograph = np.repeat(images[:1], ROWS, axis=0) / 255.0
    same = np.isclose(masked, photograph, atol=1e-6).all(axis=-1)
    for row in range(ROWS):
        assert beside[row].sum() > 100 and same[row][beside[row]].mean() > 0.9


@pytest.mark.slow
def test_a_person_that_drives_itself_is_made_again(model, images, faces):
    covered = np.asarray(render(model, faces).covered)
    acted = reenact(model, images[0], first(faces), faces, 1 - covered[0])
    # Without a hull mask what the drawn face covers is hidden.
    again = resynthesise(
        model, images, faces, draws=draw_choices(model, ROWS, holes=HOLES_SECOND_PATH)
    )
    np.testing.assert_allclose(acted.masked[0], again.masked[0], atol=1e-6)
    np.testing.assert_allclose(acted.image[0], again.image[0], atol=1e-4)
    masked = np.asarray(again.masked)
    assert (masked[covered] == 0).mean() > 0.5 and (masked[~covered] > 0).any()


def test_a_model_of_pretraining_alone_makes_no_pictures(head, images, faces):
    model = small_model(head, generator=False)
    assert not model.has_generator
    for call in (
        lambda: resynthesise(model, images, faces),
        lambda: reenact(model, images[0], first(faces), faces),
    ):
        with pytest.raises(ValueError, match="checkpoint has no generator"):
            call()


def test_published_weights(head, model, tmp_path):
    path = tmp_path / "smirk.npz"
    np.savez(path, **to_published(jax.device_get(model.variables)))
    settings = {k: v for k, v in NETWORKS.items() if k != "head"}
    published = from_published(path, head, folded=False, **settings)
    assert published.has_generator and published.masking == Masking()
    assert_same(published.variables, model.variables)
    without = {n: v for n, v in model.variables.items() if n != "generator"}
    np.savez(path, **to_published(jax.device_get(without)))
    folded = from_published(path, head, **settings)
    assert folded.folded_head is not None and not folded.has_generator


def test_eyelids_follow_the_head_if_they_shall(head, model, faces):
    following = small_model(head, eyelids_before_skinning=True)
    turned = faces.head.replace(pose_params=faces.head.pose_params + 0.5)
    posed = EncodedFace(turned, faces.camera)
    one, other = (decode(m, posed).vertices for m in (model, following))
    assert np.abs(np.asarray(one - other)).max() > 1e-4
    closed = turned.replace(eyelid_params=0 * turned.eyelid_params)
    posed = EncodedFace(closed, faces.camera)
    one, other = (decode(m, posed).vertices for m in (model, following))
    np.testing.assert_allclose(one, other, atol=1e-6)


def test_wrong_pictures_and_checkpoints_are_refused(head, model, images, tmp_path):
    with pytest.raises(ValueError, match=r"images: expected \[B, 32, 32, 3\]"):
        encode(model, images[:, :16])
    with pytest.raises(ValueError, match="images: expected uint8, got float32"):
        encode(model, images.astype(np.float32))
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "nowhere")
    other = save_checkpoint(tmp_path / "run", head, system="fsrt")
    with pytest.raises(ValueError, match="a checkpoint of smirk expected, got 'fsrt'"):
        load(other)
