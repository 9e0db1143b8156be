from face_jax.tables import Table, to_html, to_markdown

TABLE = Table(
    title="PSNR, dB",
    header=("method", "tail"),
    rows=[("copy <source>", 18.204), ("FSRT", 25.0), ("unknown", float("nan"))],
    emphasized=1,
)


def test_markdown_is_aligned():
    lines = to_markdown(TABLE).splitlines()
    assert lines == [
        "PSNR, dB",
        "",
        "| method        |      tail |",
        "| :------------ | --------: |",
        "| copy <source> |     18.20 |",
        "| **FSRT**      | **25.00** |",
        "| unknown       |         - |",
    ]


def test_html_escapes_and_marks_the_own_row():
    page = to_html(TABLE)
    assert "copy &lt;source&gt;" in page
    assert "<tr class=ours><td>FSRT</td><td>25.00</td></tr>" in page
    assert "<figcaption>PSNR, dB</figcaption>" in page
