import io

from face_jax.cli.progress import Progress


class Clock:
    def __init__(self):
        self.seconds = 0.0

    def __call__(self):
        return self.seconds


class Terminal(io.StringIO):
    def isatty(self):
        return True


def run(stream):
    clock = Clock()
    with Progress(100, "frames", stream, clock) as progress:
        for done in range(10, 101, 10):
            clock.seconds += 6.0
            progress.update(done)
    return stream.getvalue()


def test_a_log_gets_few_lines_with_rate_and_time_left():
    lines = run(io.StringIO()).splitlines()
    assert lines[0] == "20/100 frames, 1.7 frames/s, 48s left"
    assert lines[-1] == "100/100 frames, 1.7 frames/s, 0s left"
    assert len(lines) == 5


def test_a_terminal_gets_one_changing_line():
    text = run(Terminal())
    assert text.count("\n") == 1 and text.endswith("\n")
    assert text.count("\r") == 10
