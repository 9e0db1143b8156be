"""A preparation that is killed without warning goes on, and ends with the same bytes."""

import subprocess
import sys
from pathlib import Path

from tests.data_pipelines.prepare.replicas import write_clip
from tests.digests import digests
from tests.processes.command import environment
from tests.processes.killing import kill

CLIPS = 260


def command(root: Path, out: Path) -> list[str]:
    words = ["prepare", "videos", "--root", str(root), "--out", str(out)]
    return [sys.executable, "-m", "face_jax.cli", *words, "--workers", "2"]


def finish(root: Path, out: Path) -> None:
    done = subprocess.run(
        command(root, out),
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_kill_nine_in_both_passes(tmp_path):
    root, whole, parts = (tmp_path / name for name in ("clips", "whole", "parts"))
    for number in range(CLIPS):
        write_clip(root / f"person{number // 4}" / f"{number}.mp4", number)
    finish(root, whole)
    expected = digests(whole)
    kill(command(root, parts), lambda: any((parts / "work").glob("*.json")))
    records = parts / "frames" / "1.0.0"
    kill(command(root, parts), lambda: any(records.glob("frames-*")))
    assert not (parts / "report.json").exists()
    finish(root, parts)
    assert digests(parts) == expected
