"""The FSRT golden data, file by file."""

from tests.parity.golden_files import check, golden_files

SLOW = {"train_losses"}


@golden_files("fsrt", SLOW)
def test_outputs_are_the_published_ones(path):
    check(path)
