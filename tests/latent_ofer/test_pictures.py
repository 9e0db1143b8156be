import jax
import numpy as np

from face_jax.latent_ofer.pictures import (
    MEAN_COLOR,
    erase,
    labelled_sheet,
    pictures_of,
    sheet_of,
)


def rows(count, side, value=10):
    return np.full((count, side, side, 3), value, np.uint8)


def test_pictures_are_in_the_unit_range():
    found = pictures_of({"image": np.array([[[[0, 51, 255]]]], np.uint8)}, "image")
    np.testing.assert_allclose(found.ravel(), [0, 0.2, 1], rtol=1e-6)


def drawn_batch(rows=3, side=9):
    """Pictures that are equal but in their first row, and what was drawn for them."""
    random = np.random.default_rng(0)
    clean = random.integers(0, 256, (rows, side, side, 3), np.uint8)
    covered = clean.copy()
    covered[:, 0] = 255 - clean[:, 0]
    return {
        "image": covered,
        "clean_image": clean,
        "color_curve": random.integers(0, 256, (rows, 256), np.uint8),
        "color_shifts": np.float32(random.uniform(-20, 20, (rows, 3))),
    }


def test_what_was_drawn_of_colours_changes_both_pictures():
    batch = drawn_batch()
    for name in ("image", "clean_image"):
        found = jax.jit(pictures_of, static_argnums=1)(batch, name)
        for row in range(3):
            levels = batch["color_curve"][row][batch[name][row]].astype(float)
            exact = np.clip(np.rint(levels + batch["color_shifts"][row]), 0, 255)
            np.testing.assert_allclose(found[row], exact / 255, rtol=1e-6)


def test_what_is_erased_is_painted_last_and_over_the_picture_alone():
    batch = drawn_batch()
    without = {name: pictures_of(batch, name) for name in ("image", "clean_image")}
    batch["erased"] = np.int32([[2, 5, 3, 4], [0, 0, 0, 0], [0, 0, 9, 9]])
    image = np.asarray(pictures_of(batch, "image"))
    inside = np.zeros((3, 9, 9), bool)
    inside[0, 2:5, 5:9] = inside[2] = True
    painted = np.broadcast_to(np.float32(MEAN_COLOR) / 255, image[inside].shape)
    np.testing.assert_allclose(image[inside], painted, rtol=1e-6)
    np.testing.assert_array_equal(image[~inside], without["image"][~inside])
    clean = pictures_of(batch, "clean_image")
    np.testing.assert_array_equal(clean, without["clean_image"])


def test_erasing_keeps_the_type_and_its_input():
    images = rows(1, 9)
    found = erase(images, np.int32([[2, 5, 3, 4]]))
    assert found.dtype == np.uint8 and (images == 10).all()


def test_a_sheet_has_a_column_for_each_kind_and_few_rows():
    small = sheet_of({"given": rows(9, 64), "made": rows(9, 64, 20)}, rows=3)
    assert small.shape[1] == 2 * 128 + 3 * 4
    assert 3 * 128 < small.shape[0] < 3 * 128 + 60
    large = sheet_of({"given": rows(1, 200)})
    assert large.shape[1] == 200 + 2 * 4
    assert (small[60, 60] == 10).all() and (small[60, 200] == 20).all()


def test_what_was_found_is_below_each_picture():
    chances = np.array([[0.9, 0.1], [0.9, 0.1], [0.2, 0.8]])
    labels = np.array([0, 1, 1])
    sheet = labelled_sheet(rows(3, 128), chances, labels, ("fear", "joy"), columns=2)
    tile = 128 + 18
    assert sheet.shape == (2 * tile + 3 * 4, 2 * 128 + 3 * 4, 3)
    right, wrong = (sheet[4 + 128 : 4 + tile, x : x + 128] for x in (4, 136))
    # The true class is written behind what is wrong.
    assert np.argwhere(wrong.min(-1) < 128)[:, 1].max() > 20 + (
        np.argwhere(right.min(-1) < 128)[:, 1].max()
    )
