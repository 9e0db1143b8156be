"""The SMIRK golden data, file by file."""

from tests.parity.golden_files import check, golden_files

SLOW = {"emotion_resnet50", "generator", "mica"}


@golden_files("smirk", SLOW)
def test_outputs_are_the_published_ones(path):
    check(path)
