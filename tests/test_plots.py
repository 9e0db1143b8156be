import cv2
import numpy as np
import pytest

from face_jax import plots


def test_read_metrics_survives_a_torn_line(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"step": 1, "train/loss": 2.0}\n{"step": 2, "tra')
    assert plots.read_metrics(path) == [{"step": 1, "train/loss": 2.0}]


@pytest.mark.parametrize("dark", [False, True])
def test_plot_metrics_writes_a_picture(dark):
    records = [{"step": s, "train/loss": 1.0 / (s + 1)} for s in range(5)]
    svg = plots.plot_metrics(
        records, ["train/loss", "absent"], dark=dark, log_scale=True
    )
    assert b"<svg" in svg and b"absent" not in svg


def test_histograms_leave_out_what_is_not_defined():
    values = {"found": [1.0, 2.0, np.nan], "absent": [np.nan], "none": []}
    svg = plots.plot_histograms(values, value_label="PSNR in dB")
    drawn = [name for name in values if f"<!-- {name} -->".encode() in svg]
    assert drawn == ["found"]
    assert b"<svg" in plots.plot_histograms({}, value_label="PSNR in dB")


def test_confusion_is_drawn_in_shares_of_each_true_class():
    counts = np.array([[3, 1, 0], [0, 0, 0], [0, 0, 2]])
    svg = plots.plot_confusion(counts, ("joy", "fear", "anger"))
    # Matplotlib draws text as outlines, with the text itself as a comment.
    assert all(f"<!-- {share} -->".encode() in svg for share in (75, 25, 100))
    assert b"nan" not in svg
    png = plots.plot_confusion(counts, ("joy", "fear", "anger"), file_format="png")
    picture = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)
    assert picture.ndim == 3


def test_panels_are_drawn_side_by_side():
    panels = [
        plots.Panel("queries", "seconds", {4: 2.0, 1: 0.5}),
        plots.Panel("frames", "memory", {}),
    ]
    svg = plots.plot_panels(panels)
    texts = ("queries", "seconds", "frames", "memory")
    assert all(f"<!-- {text} -->".encode() in svg for text in texts)
