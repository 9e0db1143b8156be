"""Several clips in one model, and beyond their poses: 64 x 64 pixels, a laptop's CPU.

face-jax train --config configs/fsrt/clips_and_people64.py --workdir W \
    --set data.mixture.clips.clips.path=FOLDER \
    --set data.mixture.clips.clips.landmarks=LANDMARKS \
    --set task.start_from=PEOPLE

FOLDER holds one clip for each person, LANDMARKS a file of the same stem for each clip;
PEOPLE is the folder of a run of ``people64.py``, from which this one goes on. A few clips
show no poses but their own; what a face does beyond them is learned from many synthetic
people, who stay in the mixture. Variant: ``smoke`` (seconds, synthetic people alone).
"""

from ml_collections import ConfigDict, config_dict

from configs import common
from configs.fsrt import clips64, people64

STEPS, PEAK = 4000, 5e-4
SHARE_OF_PEOPLE = 0.4


def get_config(argument: str = "") -> ConfigDict:
    """The config; ``argument`` names variants, see the head of this file."""
    variant = common.variants(argument, smoke=False)
    config, clips = people64.get_config(argument), clips64.get_config(argument)
    if not variant.smoke:
        config.run.steps = STEPS
    config.run.best_metric = "tail/psnr"
    config.task.schedule.peak = PEAK
    config.data = mixture(config.data, clips.data)
    config.evals.tail = clips.evals.tail
    common.follow(
        config.evals.tail.data.clips,
        config.data.mixture.clips.clips,
        *("path", "landmarks"),
    )
    return config


def mixture(people: ConfigDict, clips: ConfigDict) -> ConfigDict:
    """Clips and people by weight; of both, frames that are not held out."""
    item, videos = people.fsrt_item, clips.clips.to_dict()
    videos["landmarks"] = config_dict.placeholder(str)
    item.update({"frame_selection": "train", "out_of_frame_probability": 0.3})
    sources = {
        "clips": {
            "weight": 1 - SHARE_OF_PEOPLE,
            "source": clips.source,
            "clips": videos,
            "synthetic": clips.synthetic.to_dict(),
        },
        "people": {
            "weight": SHARE_OF_PEOPLE,
            "source": "synthetic",
            "synthetic": people.synthetic.to_dict(),
        },
    }
    return ConfigDict({"mixture": sources, "item": "fsrt_item", "fsrt_item": item})
