import pytest

from face_jax.train.timing import Clock, format_duration


class FakeTime:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def test_the_clock_books_seconds_by_what_they_were_for():
    time = FakeTime()
    clock = Clock(time)
    with clock.spending("compile"):
        time.now += 30
    for _ in range(4):
        with clock.spending("input"):
            time.now += 0.5
        time.now += 1.5
        clock.tick()
    figures = clock.report(batch_size=6)
    assert figures["compile_seconds"] == pytest.approx(30)
    assert figures["seconds_per_step"] == pytest.approx(2.0)
    assert figures["examples_per_second"] == pytest.approx(3.0)
    assert figures["input_wait_fraction"] == pytest.approx(0.25)
    assert clock.report(batch_size=6) == {}


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0s"), (59.6, "1m00s"), (185, "3m05s"), (7320, "2h02m")]
)
def test_durations_read_well(seconds, text):
    assert format_duration(seconds) == text
