import base64
import re
from html.parser import HTMLParser

import cv2
import numpy as np

from face_jax import report

VOID = {"meta", "img", "source", "br", "link"}


class Balance(HTMLParser):
    """Checks that every element is closed in order."""

    def __init__(self):
        super().__init__()
        self.open, self.seen = [], []

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def full_page():
    picture = np.zeros((8, 8, 3), np.uint8)
    picture[..., 0] = 255
    blocks = [
        report.text("1 < 2"),
        report.highlights({"over copying": "+6.8 dB"}),
        report.facts({"cores": "2"}),
        report.commands(["make demo", "face-jax --help"]),
        report.video(b"mp4", "driver | result"),
        report.plot(b"<svg>light</svg>", b"<svg>dark</svg>", "loss"),
        report.picture_rows(
            {"source": [picture, picture[:0]]}, ["frame 1", "frame 2"], "look"
        ),
    ]
    return report.page("Title & more", "Lead.", [report.Section("Part", blocks)])


def test_page_is_well_formed_and_escaped():
    parser = Balance()
    parser.feed(full_page())
    assert not parser.open
    assert {"video", "table", "picture", "pre", "dl"} <= set(parser.seen)
    assert "Title &amp; more" in full_page() and "1 &lt; 2" in full_page()


def test_page_needs_nothing_else():
    references = re.findall(r'(?:src|srcset|href)="?([^"\s>]+)', full_page())
    assert references and all(r.startswith("data:") for r in references)
    assert "http" not in full_page() and "url(" not in full_page()


def test_empty_cells_stay_empty():
    assert "<td></td>" in full_page()


def test_pictures_keep_their_colours():
    content = re.search(r"data:image/jpeg;base64,([^\"]+)", full_page()).group(1)
    image = cv2.imdecode(
        np.frombuffer(base64.b64decode(content), np.uint8), cv2.IMREAD_COLOR_RGB
    )
    assert image[4, 4, 0] > 240 and image[4, 4, 1:].max() < 15
