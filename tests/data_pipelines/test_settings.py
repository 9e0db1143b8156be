"""What a data configuration may say."""

import ml_collections
import pytest

from data_pipelines.settings import construct, read_settings


class Folder:
    def __init__(self, path, split=None):
        self.path, self.split = path, split


class Drawn:
    def __init__(self, count=1):
        self.count = count


SOURCES = {"folder": Folder, "drawn": Drawn}
ITEMS = {"pair": dict}


def read(**config):
    return read_settings({"item": "pair", **config}, SOURCES, ITEMS)


def test_one_source():
    settings = read(source="folder", folder={"path": "a", "split": "train"})
    source = construct(SOURCES, settings.source, settings.blocks)
    assert (source.path, source.split) == ("a", "train")


def test_config_dict_with_an_unused_block():
    config = ml_collections.ConfigDict(
        {
            "item": "pair",
            "source": "drawn",
            "drawn": {"count": 3},
            "folder": {"path": ""},
        }
    )
    settings = read_settings(config, SOURCES, ITEMS)
    assert construct(SOURCES, settings.source, settings.blocks).count == 3


def test_a_block_may_be_missing_and_a_placeholder_empty():
    settings = read(source="drawn", mixture=None)
    assert construct(SOURCES, "drawn", settings.blocks).count == 1


def test_mixture_in_the_order_of_its_names():
    settings = read(
        mixture={
            "b": {"source": "drawn"},
            "a": {"weight": 2, "source": "folder", "folder": {"path": "x"}},
        }
    )
    assert [(p.name, p.weight, p.source) for p in settings.mixture] == [
        ("a", 2.0, "folder"),
        ("b", 1.0, "drawn"),
    ]
    assert construct(SOURCES, "folder", settings.mixture[0].blocks).path == "x"


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            {"source": "drawn", "sauce": 1},
            "data: unknown sauce; known are drawn, folder",
        ),
        ({"source": "tape"}, "source: expected one of folder, drawn, got 'tape'"),
        ({"source": "drawn", "item": "triple"}, "item: expected one of pair, got 'tri"),
        ({}, "either source or mixture"),
        ({"source": "drawn", "mixture": {"a": {}}}, "either source or mixture"),
        ({"mixture": {"a": {}}}, "mixture.a.source: expected one of folder, drawn"),
        ({"mixture": {"a": {"source": "drawn", "weight": 0}}}, "more than 0, got 0"),
        ({"mixture": {"a": {"sorce": "drawn"}}}, "mixture.a: unknown sorce"),
    ],
)
def test_refusals(config, message):
    with pytest.raises(ValueError, match=message):
        read(**config)


def test_unknown_and_missing_keywords():
    blocks = {"folder": {"path": "a", "slit": "train"}}
    with pytest.raises(ValueError, match="folder: unknown slit; known are path, split"):
        construct(SOURCES, "folder", blocks)
    with pytest.raises(ValueError, match="folder: expected a value for path, got none"):
        construct(SOURCES, "folder", {"folder": {}})
