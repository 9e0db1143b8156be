"""What a data set holds is decided before anything is drawn."""

import collections
import dataclasses
import itertools

import numpy as np
import pytest

from data_pipelines.sources.synthetic_settings import SPLITS, SyntheticSettings
from data_pipelines.synth.expressions import CLASSES
from data_pipelines.synth.motion import STYLES
from data_pipelines.synth.plan import (
    FREE,
    NO_OCCLUDER,
    OCCLUDER_NAMES,
    PICTURES_PER_SHARD,
    divide,
    make_plan,
    seed_of,
)

SETTINGS = SyntheticSettings(
    images=2000, clips=60, images_per_person=20, clips_per_person=2, occluded=0.4
)


@pytest.fixture(scope="module")
def plan():
    return make_plan(SETTINGS)


def all_of(parts):
    return list(itertools.chain.from_iterable(parts.values()))


def test_every_picture_and_clip_is_planned_once(plan):
    assert sorted(image.number for image in all_of(plan.images)) == list(range(2000))
    assert sorted(clip.number for clip in all_of(plan.clips)) == list(range(60))


def test_nobody_is_in_two_splits(plan):
    """Neither with pictures nor with clips."""
    people = {
        split: {planned.identity for planned in plan.images[split] + plan.clips[split]}
        for split in SPLITS
    }
    for one, other in itertools.combinations(SPLITS, 2):
        assert not people[one] & people[other]
    assert [len(people[split]) for split in SPLITS] == [80, 10, 10]


def test_everybody_has_as_many_as_asked(plan):
    for parts, each in ((plan.images, 20), (plan.clips, 2)):
        counts = collections.Counter(planned.identity for planned in all_of(parts))
        assert set(counts.values()) == {each}
        assert sorted(counts) == list(range(len(counts)))


def test_everybody_shows_all_expressions_about_as_often(plan):
    for identity in (0, 1, 57):
        labels = [i.label for i in all_of(plan.images) if i.identity == identity]
        counts = collections.Counter(labels)
        assert set(counts) == set(CLASSES)
        assert max(counts.values()) - min(counts.values()) <= 1


def test_persons_begin_with_different_expressions_and_clips_with_speech(plan):
    images = sorted(all_of(plan.images), key=lambda image: image.number)
    first = [image.label for image in images[:: SETTINGS.images_per_person]]
    assert first[: len(CLASSES)] == list(CLASSES)
    styles = [clip.style for clip in sorted(all_of(plan.clips), key=lambda c: c.number)]
    assert styles[: len(STYLES)] == list(STYLES[::-1])


def test_the_share_of_the_hidden_is_that_asked_for(plan):
    counts = collections.Counter(image.occluder for image in all_of(plan.images))
    hidden = 2000 - counts[NO_OCCLUDER]
    # Four standard deviations of so many throws.
    assert abs(hidden - 800) < 4 * np.sqrt(2000 * 0.4 * 0.6)
    each = hidden / (len(OCCLUDER_NAMES) - 1)
    for name in OCCLUDER_NAMES[1:]:
        assert abs(counts[name] - each) < 4 * np.sqrt(each)


@pytest.mark.parametrize(("share", "hidden"), [(0.0, 0), (1.0, 40)])
def test_none_or_all_may_be_hidden(share, hidden):
    images = all_of(make_plan(SyntheticSettings(images=40, occluded=share)).images)
    assert sum(image.occluder != NO_OCCLUDER for image in images) == hidden


def test_free_expressions_take_the_places_of_classes(plan):
    images = all_of(plan.images)
    assert all(image.label != FREE for image in images)
    settings = SyntheticSettings(
        images=2000, images_per_person=20, free_expressions=0.5
    )
    mixed = all_of(make_plan(settings).images)
    free = [image.label == FREE for image in mixed]
    assert abs(sum(free) - 1000) < 4 * np.sqrt(2000 * 0.5 * 0.5)
    for image, other in zip(images, mixed, strict=True):
        assert other in (image, dataclasses.replace(image, label=FREE))


def test_a_larger_data_set_begins_with_the_smaller_one(plan):
    smaller = make_plan(SyntheticSettings(images=300, clips=10))
    for split in SPLITS:
        count = len(smaller.images[split])
        assert plan.images[split][:count] == smaller.images[split]
        assert plan.clips[split][: len(smaller.clips[split])] == smaller.clips[split]


def test_seeds_are_independent_of_each_other():
    seeds = [
        seed_of(seed, purpose, number)
        for seed in range(3)
        for purpose in ("person", "shot", "occluder")
        for number in range(50)
    ]
    assert len(set(seeds)) == len(seeds)
    assert seed_of(1, "person", 2) == seed_of(1, "person", 2)
    assert min(seeds) >= 0 and max(seeds) < 2**32


@pytest.mark.parametrize(("count", "each"), [(0, 1), (1, 1), (500, 1), (7, 100)])
def test_files_hold_everything_in_order(count, each):
    parts = divide(list(range(count)), each)
    assert list(itertools.chain.from_iterable(parts)) == list(range(count))
    assert all(0 < len(part) * each <= PICTURES_PER_SHARD for part in parts)


def test_a_clip_longer_than_a_file_has_one_of_its_own():
    assert divide(["a", "b"], 10 * PICTURES_PER_SHARD) == [["a"], ["b"]]
