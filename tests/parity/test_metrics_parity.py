"""The golden data of measures, file by file."""

from tests.parity.golden_files import check, golden_files

SLOW = {"lpips_vgg16", "inception"}


@golden_files("metrics", SLOW)
def test_outputs_are_the_published_ones(path):
    check(path)
