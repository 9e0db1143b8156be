import json
import logging

import cv2
import numpy as np
import pytest

from face_jax.train.writers import ConsoleWriter, make_writers, write_all


def test_every_writer_gets_figures_and_pictures(tmp_path):
    writers = make_writers(tmp_path, 0, 10, tensorboard=True)
    red = np.zeros((4, 6, 3), np.uint8)
    red[..., 0] = 250
    write_all(writers, 5, {"train/loss": 0.25}, {"heldout/face": red})
    for writer in writers:
        writer.close()
    record = json.loads((tmp_path / "metrics.jsonl").read_text())
    assert record["step"] == 5
    assert record["train/loss"] == 0.25
    picture = cv2.imread(str(tmp_path / "images" / "heldout_face_0000005.png"))
    np.testing.assert_array_equal(picture[..., ::-1], red)
    events = list((tmp_path / "tensorboard").glob("events*"))
    assert events
    assert b"train/loss" in events[0].read_bytes()


def test_lines_that_a_resumed_run_will_write_again_are_dropped(tmp_path):
    path = tmp_path / "metrics.jsonl"
    lines = [json.dumps({"step": step, "x": step}) for step in (2, 4, 6)]
    path.write_text("\n".join(lines) + '\n{"step": 8, "x"')
    make_writers(tmp_path, 4, 10, tensorboard=False)
    steps = [json.loads(line)["step"] for line in path.read_text().splitlines()]
    assert steps == [2, 4]


def test_console_lines_tell_progress_and_leave_norms_out(caplog):
    values = {
        "clock/seconds_per_step": 0.5,
        "train/g/mse": 0.125,
        "train/g/gradient_norm": 3.0,
    }
    with caplog.at_level(logging.INFO, "face_jax"):
        ConsoleWriter(100).scalars(40, values)
    assert caplog.messages == ["step 40/100 (30s left, 500 ms/step)  train/g/mse 0.125"]


def test_without_tensorboardx_the_way_out_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "tensorboardX", None)
    with pytest.raises(ValueError, match=r"pip install 'face-jax\[tensorboard\]'"):
        make_writers(tmp_path, 0, 10, tensorboard=True)
