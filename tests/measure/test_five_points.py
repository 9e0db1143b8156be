import sys

import numpy as np

from data_pipelines.landmarks.files import save_landmarks
from tests.data_pipelines.synth.plain_face import plain_face
from tests.measure import five_points


def test_it_tells_of_every_file(tmp_path, monkeypatch, capsys):
    face = plain_face()
    save_landmarks(tmp_path / "me.npz", face[None], np.zeros(1), (128, 128))
    many = np.stack([face + n / 10 for n in range(90)])
    save_landmarks(tmp_path / "talk.npz", many, np.arange(90), (128, 128))
    monkeypatch.setattr(sys, "argv", ["five_points", str(tmp_path)])
    five_points.main()
    count, centres, sides = capsys.readouterr().out.splitlines()
    assert count == "31 faces of 2 files"
    apart = float(centres.split()[1])
    expected, ratio = five_points.compare(face[None])
    assert abs(apart - 100 * expected[0]) < 0.1
    assert sides.startswith(f"sides: {ratio[0]:.3f} ")
