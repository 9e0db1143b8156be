"""The golden data of the renderer, file by file."""

from tests.parity.golden_files import check, golden_files


@golden_files("render")
def test_outputs_are_the_published_ones(path):
    check(path)
