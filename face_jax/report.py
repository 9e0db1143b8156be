"""A self-contained HTML page: pictures, plots and videos are inside the one file.

The page needs no network and no other file, so that it can be sent or moved alone. It
follows the reader's light or dark theme.
"""

import base64
import dataclasses
import html
from collections.abc import Mapping, Sequence

import cv2
import numpy as np

JPEG_QUALITY = 94


@dataclasses.dataclass(frozen=True)
class Section:
    """A part of the page.

    Attributes:
      title: its heading.
      blocks: pieces of HTML, as the functions below return them.
    """

    title: str
    blocks: Sequence[str]


def page(title: str, lead: str, sections: Sequence[Section]) -> str:
    """The whole HTML document.

    Args:
      title: heading of the page, plain text.
      lead: one sentence below it, plain text.
      sections: the parts in order.
    """
    body = "\n".join(
        f"<section><h2>{html.escape(section.title)}</h2>\n"
        + "\n".join(section.blocks)
        + "</section>"
        for section in sections
    )
    return (
        "<!doctype html>\n<html lang=en><head><meta charset=utf-8>"
        '<meta name=viewport content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style></head>\n"
        f"<body><main><header><h1>{html.escape(title)}</h1>"
        f"<p class=lead>{html.escape(lead)}</p></header>\n{body}</main></body></html>\n"
    )


def text(paragraph: str) -> str:
    """A paragraph of plain text."""
    return f"<p>{html.escape(paragraph)}</p>"


def highlights(values: Mapping[str, str]) -> str:
    """Large numbers with what they mean below: meaning to number."""
    tiles = "".join(
        f"<div><b>{html.escape(number)}</b><span>{html.escape(meaning)}</span></div>"
        for meaning, number in values.items()
    )
    return f"<div class=highlights>{tiles}</div>"


def facts(values: Mapping[str, str]) -> str:
    """A list of names and values."""
    items = "".join(
        f"<dt>{html.escape(name)}</dt><dd>{html.escape(value)}</dd>"
        for name, value in values.items()
    )
    return f"<dl>{items}</dl>"


def commands(lines: Sequence[str]) -> str:
    """Shell commands, ready to be copied."""
    return f"<pre><code>{html.escape(chr(10).join(lines))}</code></pre>"


def video(mp4: bytes, caption: str) -> str:
    """A video that plays by itself, over and over; the bytes are those of an mp4."""
    source = _data_uri("video/mp4", mp4)
    return (
        f'<figure class=video><video src="{source}" autoplay loop muted playsinline '
        f"controls></video><figcaption>{html.escape(caption)}</figcaption></figure>"
    )


def plot(light: bytes, dark: bytes, caption: str) -> str:
    """An SVG plot, drawn once for light and once for dark pages."""
    uris = [_data_uri("image/svg+xml", svg) for svg in (light, dark)]
    return (
        '<figure class=plot><picture><source media="(prefers-color-scheme: dark)" '
        f'srcset="{uris[1]}"><img src="{uris[0]}" alt="{html.escape(caption)}">'
        f"</picture><figcaption>{html.escape(caption)}</figcaption></figure>"
    )


def picture_rows(
    rows: Mapping[str, Sequence[np.ndarray]], columns: Sequence[str], caption: str
) -> str:
    """Rows of pictures with titles, as a table of their own.

    Args:
      rows: title to uint8 RGB pictures [H, W, 3], one for each column; those without
        pixels leave their cell empty.
      columns: titles of the columns.
      caption: one line that says what there is to see.
    """
    head = "".join(f"<th>{html.escape(column)}</th>" for column in columns)
    body = "".join(
        f"<tr><th>{html.escape(title)}</th>"
        + "".join(f"<td>{_image(picture, title)}</td>" for picture in pictures)
        + "</tr>"
        for title, pictures in rows.items()
    )
    return (
        f"<figure class=pictures><figcaption>{html.escape(caption)}</figcaption>"
        f"<table><thead><tr><th></th>{head}</tr></thead><tbody>{body}</tbody></table>"
        "</figure>"
    )


def _image(picture: np.ndarray, alt: str) -> str:
    if not picture.size:
        return ""
    quality = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    _, encoded = cv2.imencode(".jpg", picture[..., ::-1], quality)
    uri = _data_uri("image/jpeg", encoded.tobytes())
    return f'<img src="{uri}" alt="{html.escape(alt)}">'


def _data_uri(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


_STYLE = """
:root { color-scheme: light dark; --ground: #f6f7f9; --card: #ffffff; --ink: #1c2430;
  --soft: #667085; --line: #e3e7ee; --accent: #0b6bcb; --tint: #eaf3fd; }
@media (prefers-color-scheme: dark) { :root { --ground: #0f1319; --card: #171c24;
  --ink: #e8ecf2; --soft: #96a1b2; --line: #2a323e; --accent: #6cb6ff;
  --tint: #16273a; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 16px/1.6 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 1040px; margin: 0 auto; padding: 48px 20px 80px; }
h1 { font-size: 2.1rem; line-height: 1.2; letter-spacing: -0.02em; margin: 0 0 12px; }
h2 { font-size: 1.2rem; margin: 0 0 12px; letter-spacing: -0.01em; }
.lead { font-size: 1.12rem; color: var(--soft); max-width: 46em; margin: 0 0 28px; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 14px;
  padding: 24px; margin: 0 0 20px; }
p { max-width: 52em; margin: 0 0 14px; }
figure { margin: 0 0 18px; overflow-x: auto; }
figure:last-child, p:last-child { margin-bottom: 0; }
figcaption { color: var(--soft); font-size: 0.9rem; margin: 6px 0; }
img { display: block; }
video { width: 100%; max-width: 640px; border-radius: 10px; display: block; }
.plot img { width: 100%; max-width: 760px; }
table { border-collapse: collapse; font-size: 0.92rem;
  font-variant-numeric: tabular-nums; }
.table td, .table th { padding: 7px 14px; border-bottom: 1px solid var(--line);
  text-align: right; white-space: nowrap; }
.table td:first-child, .table th:first-child { text-align: left; padding-left: 8px; }
.table th { color: var(--soft); font-weight: 600; font-size: 0.82rem; }
.ours td { background: var(--tint); font-weight: 650; }
.pictures td { padding: 2px; }
.pictures th { font-weight: 500; font-size: 0.8rem; color: var(--soft);
  padding: 2px 8px 2px 0; text-align: left; }
.pictures td img { width: 100%; min-width: 72px; max-width: 160px; border-radius: 4px; }
.highlights { display: grid; gap: 14px; margin: 0 0 18px;
  grid-template-columns: repeat(auto-fit, minmax(170px, 1fr)); }
.highlights div { border: 1px solid var(--line); border-radius: 10px;
  padding: 12px 16px; }
.highlights b { display: block; font-size: 1.55rem; letter-spacing: -0.02em;
  color: var(--accent); }
.highlights span { color: var(--soft); font-size: 0.88rem; line-height: 1.35;
  display: block; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 6px 22px; margin: 0;
  font-size: 0.93rem; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
pre { background: var(--ground); border: 1px solid var(--line); border-radius: 10px;
  padding: 14px 16px; overflow-x: auto; font-size: 0.88rem; margin: 0 0 14px; }
"""
