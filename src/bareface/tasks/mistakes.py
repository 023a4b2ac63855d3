"""What a misspelt group, option or key was probably meant to be, and which option a wrong value belongs to."""

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException, InstantiationException, MissingConfigException, OverrideParseException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from bareface.errors import nearest, some

GROUP_OPTION = re.compile(r"Could not find '(?P<group>.+)/(?P<option>[^/']+)'")
AMBIGUOUS = re.compile(r"Ambiguous value for argument '(?P<key>[^'=]+)=")
KEY = re.compile(r"Could not override '(?P<key>[^']+)'|Key '(?P<short>[^']+)' is not in struct")


def nearest_key(wanted: str, known: Iterable[str]) -> str:
    """The keys nearest to a misspelt one; where none is near, those beside it, else where it could be.

    A key that ends in the same word and lies below the same node is nearer than any that is spelt alike. Of those
    beside it the last words count alone: what they share above is no likeness.

    >>> nearest_key("optimizer.lrr", ["optimizer.lr", "optimizer.momentum", "seed"])
    'Did you mean optimizer.lr?'
    >>> nearest_key("loss.weight", ["loss.weights", "loss.losses.focal.weight", "loader.weight"])
    'Did you mean loss.losses.focal.weight?'
    >>> nearest_key("loss.weight", ["loss.smooth", "data.root"])
    'Known: loss.smooth.'
    >>> nearest_key("sampler.identities", ["sampler.pictures", "seed"])
    'Known: sampler.pictures.'
    >>> nearest_key("xyz", ["a", "b", "b.c"])
    'Known: a, b.'
    >>> nearest_key("a.xyz", ["a", "b", "b.c"])
    'There is nothing below a.'
    """
    names = [name for name in known if not name.rpartition(".")[2].startswith("_")]  # _target_, _partial_
    above, _, last = wanted.rpartition(".")
    deeper = _deeper(wanted, names)
    if deeper:
        return f"Did you mean {', '.join(deeper)}?"
    beside = [name for name in names if above and name.rpartition(".")[0] == above]
    alike = get_close_matches(last, [name.rpartition(".")[2] for name in beside], n=3, cutoff=0.6)
    others = [name for name in names if name not in beside or name.rpartition(".")[2] in alike]
    answer = nearest(wanted, [name for name in others if "." in name or not above])
    if answer.startswith("Did"):
        return answer
    if above in names and not beside:
        return f"There is nothing below {above}."
    if beside:
        return f"Known: {some(sorted(beside), limit=30)}."
    return nearest(wanted, [name for name in names if "." not in name])


def _deeper(key: str, names: Iterable[str]) -> list[str]:
    """Those that end as a key does and lie below the same node."""
    above, _, last = key.rpartition(".")
    return [name for name in names if above and name.startswith(f"{above}.") and name.endswith(f".{last}")]


def explain_override(error: BaseException, task: str, arguments: list[str], conf: Path) -> str | None:
    """One line about a mistake in an override, or None where the error is about something else.

    Args:
        error: What composing the configuration raised.
        task: Name of the primary configuration.
        arguments: The command line.
        conf: The configuration tree.
    """
    message = " ".join(str(error).split())
    if isinstance(error, ValueError) and message.startswith("Config group override must be"):
        return _explain_choice(arguments, conf)
    if not isinstance(error, HydraException):
        return None
    if isinstance(error, OverrideParseException):
        return f"{error.override}: {message.split(' See https')[0]}. Options are written key=value."
    found = GROUP_OPTION.search(message)
    if isinstance(error, MissingConfigException) and found:
        group, option = found["group"], found["option"]
        options = [path.stem for path in (conf / group).glob("*.yaml")]
        return f"{group}={option}: there is no such option. {nearest(option, options)}"
    found = AMBIGUOUS.search(message)
    if found:
        key = found["key"]
        word = next(word for word in arguments if word.startswith(f"{key}="))
        value = word.partition("=")[2]
        return f"{word}: expected one value, or a list in brackets. Write '{key}=[{value}]', or -m for a run of each."
    found = KEY.search(message)
    if not found:
        return None
    key = found["key"] or found["short"]
    asked = next((word for word in arguments if word.lstrip("+~").split("=")[0].split("@")[0] == key), None)
    others = [word for word in arguments if "=" in word and word != asked and not word.startswith("-")]
    experiment = next((word for word in others if word.startswith("experiment=")), None)
    if asked is None and experiment is not None:
        tasks = [path.stem for path in sorted(conf.glob("*.yaml")) if _composed(path.stem, [experiment], conf)]
        if task not in tasks:
            return f"{experiment}: sets {key}, which {task} does not have. It is for {', '.join(tasks) or 'no task'}."
    above, _, last = key.rpartition(".")
    if asked and above and _at(_composed(task, others, conf), above) == {}:  # names of the user's own go there
        return f"{asked}: {above} has no {last} yet. Add it: '+{asked}'."
    keys = _keys(task, others, conf)
    if above and not _deeper(key, keys):
        elsewhere = [path.stem for path in sorted((conf / above).glob("*.yaml")) if last in OmegaConf.load(path)]
        chosen = _choice(task, others, conf, above) if elsewhere else None
        if chosen is not None:
            return f"{asked or key}: {above}={chosen} has no {last}. Those that have one: {', '.join(elsewhere)}."
    return f"{asked or key}: {task} has no such option. {nearest_key(key, keys)}"


def refuse_empty(arguments: list[str], conf: Path) -> None:
    """Refuses ``GROUP={}``: Hydra adds what is in it to what is there, which is nothing, and says nothing.

    Raises:
        ValueError: There is one.
    """
    for word in arguments:
        group, _, value = word.partition("=")
        if value.replace(" ", "") == "{}" and (conf / group).is_dir():
            remedy = f"Leave one out with '~{group}.NAME', or choose {some(_options(group, conf))}"
            raise ValueError(f"{word}: takes nothing away and adds nothing. {remedy}.")


def _explain_choice(arguments: list[str], conf: Path) -> str | None:
    """Which group was given a number or null; None where none was."""
    words = [word for word in arguments if "=" in word and (conf / word.partition("=")[0]).is_dir()]
    for asked in OverridesParser.create().parse_overrides(words):
        word, group = str(asked.input_line), asked.key_or_group
        if not asked.is_sweep_override() and not isinstance(asked.value(), str | list | dict):
            return f"{word}: expected the name of a file of {group}: {some(_options(group, conf), limit=30)}."
    return None


def _options(group: str, conf: Path) -> list[str]:
    return sorted(path.stem for path in (conf / group).glob("*.yaml"))


def explain_value(error: BaseException, task: str, arguments: list[str], conf: Path) -> str | None:
    """One line about an option that was given a value of another kind than its own, where that is why a task failed.

    Args:
        error: What the task raised.
        task: Name of the primary configuration.
        arguments: The command line.
        conf: The configuration tree.
    """
    if not isinstance(error, AttributeError | TypeError | OmegaConfBaseException):
        return None
    words = {word.split("=")[0]: word for word in arguments if "=" in word and word[0] not in "-+~"}
    values = {key: word for key, word in words.items() if not (conf / key.split("@")[0]).is_dir()}
    before = _composed(task, [word for key, word in words.items() if key not in values], conf)
    after = _composed(task, list(words.values()), conf)
    for key, word in values.items():
        own, given = _at(before, key), _at(after, key)
        if given is None and "NoneType" not in str(error):
            continue  # switched off, and that is not what failed
        if isinstance(own, dict) and not isinstance(given, dict):
            return f"{word}: expected a value for an option below it: {', '.join(f'{key}.{name}' for name in own)}."
        if isinstance(own, int | float) and not isinstance(given, int | float):
            return f"{word}: expected a number, as in {key}={own}."
    return None


def explain_instantiation(error: BaseException) -> str | None:
    """One line about options that a class could not be made of, or None where the error is about something else."""
    maker: BaseException | None = None
    while isinstance(error, HydraException) and error.__cause__ is not None:
        maker, error = error, error.__cause__
    if not isinstance(maker, InstantiationException) or not isinstance(error, TypeError | AttributeError):
        return None
    message = str(maker)
    found, key = re.search(r"target '(?:[^']*\.)?([^']+)'", message), re.search(r"full_key: (\S+)", message)
    name = f"{key[1]}: " if key else ""
    return f"{name}{found[1] if found else 'it'} cannot be made of these options: {' '.join(str(error).split())}."


def option_of(place: str, arguments: list[str]) -> str:
    """The word of a command line that a file's place came from, with a colon; "" where none did.

    >>> option_of("/data/x/a.png", ["train", "runs=/y", "data.root=/data/x"])
    'data.root=/data/x: '
    >>> option_of("/data/x", ["cutout", "in", "--out", "/data/x/y"])
    '--out /data/x/y: '
    """
    file = Path(place).absolute()
    for number, word in enumerate(arguments):
        value = word.partition("=")[2] or word
        given = Path(value.strip("'\"")).absolute()
        if "/" in value and (file.is_relative_to(given) or given.is_relative_to(file)):
            flag = arguments[number - 1] if number else ""
            option = f"{flag} {word}" if flag.startswith("--") and "=" not in flag else word
            return "" if option == place else f"{option}: "
    return ""


def _at(node: object, key: str) -> object:
    for part in key.split("."):
        node = node.get(part) if isinstance(node, dict) else None
    return node


def _composed(task: str, overrides: list[str], conf: Path) -> object:
    GlobalHydra.instance().clear()
    try:
        with initialize_config_dir(str(conf), version_base="1.3"):
            return OmegaConf.to_container(compose(task, overrides=overrides), resolve=False)
    except HydraException:
        return {}


def _choice(task: str, overrides: list[str], conf: Path, group: str) -> str | None:
    """The file of a group that a command line chooses; None where it chooses none."""
    GlobalHydra.instance().clear()
    try:
        with initialize_config_dir(str(conf), version_base="1.3"):
            cfg = compose(task, overrides=overrides, return_hydra_config=True)
    except HydraException:
        return None
    found = cfg.hydra.runtime.choices.get(group)
    return None if found is None else str(found)


def _keys(task: str, overrides: list[str], conf: Path) -> list[str]:
    GlobalHydra.instance().clear()
    try:
        with initialize_config_dir(str(conf), version_base="1.3"):
            cfg = compose(task, overrides=overrides)
    except HydraException:
        return [path.name for path in conf.iterdir() if path.is_dir()]
    groups = [path.name for path in conf.iterdir() if path.is_dir() and (path.name in cfg or path.name == "experiment")]
    return [*groups, *_leaves(OmegaConf.to_container(cfg, resolve=False), "")]


def _leaves(node: object, prefix: str) -> Iterator[str]:
    if isinstance(node, dict):
        for key, child in node.items():
            yield f"{prefix}{key}"
            yield from _leaves(child, f"{prefix}{key}.")
