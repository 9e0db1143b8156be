import numpy as np

from face_jax.nn.color_planes import join, look_up, look_up_each, split

RANDOM = np.random.default_rng(0)


def test_planes_are_channels_and_join_again():
    images = RANDOM.integers(0, 256, (2, 4, 5, 3), np.uint8)
    planes = split(images)
    for channel, plane in enumerate(planes):
        assert plane.dtype == np.int32
        np.testing.assert_array_equal(plane, images[..., channel])
    np.testing.assert_array_equal(join(planes), images)


def test_tables_are_counted_row_by_row():
    table, index = RANDOM.integers(0, 99, (3, 7)), RANDOM.integers(0, 21, (2, 5))
    np.testing.assert_array_equal(look_up(table, index), table.reshape(-1)[index])


def test_every_row_has_its_own_table():
    tables = RANDOM.integers(0, 256, (3, 11), np.uint8)
    index = RANDOM.integers(0, 11, (3, 2, 4)).astype(np.int32)
    found = look_up_each(tables, index)
    assert found.dtype == np.uint8
    for row in range(3):
        np.testing.assert_array_equal(found[row], tables[row][index[row]])
