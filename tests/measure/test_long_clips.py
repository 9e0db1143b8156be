import re

from tests.measure.long_clips import main


def test_memory_is_measured(capsys):
    assert main(["3"]) == 0
    (told,) = re.findall(r"3 frames: at most (\d+) MiB", capsys.readouterr().out)
    assert 50 < int(told) < 20000
