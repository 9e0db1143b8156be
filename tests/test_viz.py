import numpy as np

from face_jax import viz


def flat(color, height=6, width=8):
    return np.full((height, width, 3), color, np.uint8)


def test_to_uint8_rounds_and_clips():
    values = viz.to_uint8(np.array([-0.5, 0.0, 0.5, 1.0, 2.0]))
    np.testing.assert_array_equal(values, [0, 0, 128, 255, 255])


def test_side_by_side_joins_clips():
    clips = np.stack([flat(10)] * 3), np.stack([flat(20, width=4)] * 3)
    joined = viz.side_by_side(*clips, gap=2)
    assert joined.shape == (3, 6, 14, 3)
    np.testing.assert_array_equal(joined[0, 0, :, 0], [10] * 8 + [255] * 2 + [20] * 4)


def test_grid_places_every_cell():
    sheet = viz.grid([[flat(10), flat(20)], [flat(30)]], gap=2)
    assert sheet.shape == (2 + 6 + 2 + 6 + 2, 2 + 8 + 2 + 8 + 2, 3)
    np.testing.assert_array_equal(sheet[2:8, 2:10], flat(10))
    np.testing.assert_array_equal(sheet[2:8, 12:20], flat(20))
    np.testing.assert_array_equal(sheet[10:16, 2:10], flat(30))
    assert (sheet[10:16, 12:20] == 255).all()


def test_grid_titles_make_room():
    plain = viz.grid([[flat(10)]])
    titled = viz.grid([[flat(10)]], ["result"], ["frame 3"])
    assert titled.shape[0] > plain.shape[0] and titled.shape[1] > plain.shape[1]


def test_captions_are_below_pictures_and_no_wider():
    plain, written = (viz.captioned(flat(10, width=40), t) for t in ("", "fear " * 9))
    assert plain.shape == written.shape and plain.shape[1] == 40
    np.testing.assert_array_equal(written[:6], flat(10, width=40))
    assert (plain[6:] == 255).all() and (written[6:] < 128).any()


def test_heat_map_runs_from_black_to_white():
    picture = viz.heat_map(np.array([[0.0, 0.1, 0.2]]), largest=0.2)
    assert picture[0, 0].max() < 15 and picture[0, 2].min() == 255
    assert picture[0, 1, 0] > picture[0, 1, 2]
    assert viz.error_map(flat(10), flat(10)).max() < 15


def test_points_are_drawn_where_they_belong():
    image = flat(0, 20, 20)
    marked = viz.draw_points(image, np.array([[12.0, 5.0], [np.nan, 1.0]]))
    assert tuple(marked[5, 12]) == viz.GREEN
    assert not marked[:, :9].any() and not image.any()
    pixels = viz.keypoints_to_pixels(np.array([[-1.0, 1.0], [0.0, 0.0]]), 10, 20)
    np.testing.assert_allclose(pixels, [[-0.5, 9.5], [9.5, 4.5]])


def test_crop_enlarges_the_box():
    image = flat(0, 16, 16)
    image[4:8, 8:12] = 200
    inside = viz.crop(image, np.array([8.0, 4.0, 12.0, 8.0]), 8, 8)
    assert (inside[2:6, 2:6] >= 195).all()
    whole = viz.crop(image, np.array([0.0, 0.0, 16.0, 16.0]), 16, 16)
    np.testing.assert_array_equal(whole, image)
    assert (viz.crop(image, np.full(4, np.nan), 3, 5) == 255).all()
