"""Memory of ``face-jax reenact`` by the length of the clip.

  python -m tests.measure.long_clips [FRAMES...]

Drives a tiny model of random weights by made-up clips of 320 x 240 pixels, 200 and 2,000
frames long by default, each in a process of its own, and prints the largest memory that
the processes had. What the numbers of frames add is seen; what a larger model takes is not.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from data_pipelines.video import VideoWriter
from tests.fsrt.tiny_model import build_model, moving_frames, save_checkpoint

LENGTHS, HEIGHT, WIDTH, PERIOD = (200, 2000), 240, 320, 50

COMMAND = """
import resource, sys
from face_jax.cli.__main__ import main
status = main(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
sys.exit(status)
"""
"""Prints KiB, as Linux counts."""

SHELL = ["sh", "-c", '"$@"; exit $?', "sh"]
"""Starts a command: what a process took before it became the command counts too."""


def main(arguments: list[str] | None = None) -> int:
    """Measures all lengths; returns the exit status."""
    given = sys.argv[1:] if arguments is None else arguments
    lengths = tuple(int(length) for length in given) or LENGTHS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        save_checkpoint(folder / "run", build_model())
        for length in lengths:
            print(f"{length} frames: at most {peak_memory(folder, length)} MiB")
    return 0


def peak_memory(folder: Path, length: int) -> int:
    """MiB that ``reenact`` took for a clip of so many frames."""
    clip = write_clip(folder / f"clip{length}.mp4", length)
    flags = ["--checkpoint", folder / "run", "--source", clip, "--driving", clip]
    flags += ["--crop", "whole", "--out", folder / "out.mp4"]
    command = [*SHELL, sys.executable, "-c", COMMAND, "reenact", *map(str, flags)]
    finished = subprocess.run(command, check=True, capture_output=True, text=True)
    return int(finished.stdout.split()[-1]) // 1024


def write_clip(path: Path, length: int) -> Path:
    """A clip that repeats itself; returns its path."""
    frames = moving_frames(PERIOD, HEIGHT, WIDTH)
    with VideoWriter(path, fps=25) as writer:
        for number in range(length):
            writer.write(frames[number % PERIOD])
    return path


if __name__ == "__main__":
    sys.exit(main())
