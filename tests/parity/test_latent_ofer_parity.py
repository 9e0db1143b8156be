"""The Latent-OFER golden data, file by file."""

from tests.parity.golden_files import check, golden_files

SLOW = {
    "hybrid_generator",
    "hybrid_train_step",
    "mae_base",
    "recognizer_full",
    "recognizer_small",
}


@golden_files("latent_ofer", SLOW)
def test_outputs_are_the_published_ones(path):
    check(path)
