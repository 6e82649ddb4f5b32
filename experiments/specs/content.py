"""Raw content of sweep descriptions: read from YAML, set key by key, its paths made absolute.

Content is plain Python: mappings, lists, numbers and strings. Whether it makes a sweep is for
`experiments.specs.spec` to check.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from fpcore.errors import ConfigError
from fpcore.printable import as_text
from fpcore.profiles import profile_path

SPECS_FOLDER = Path(__file__).resolve().parent


def read_content(
    source: str | Path | Mapping[str, Any], settings: Sequence[str] = ()
) -> tuple[dict[str, Any], str]:
    """Return the raw content of a spec, and what to call it in messages.

    ``settings`` are ``key=value`` each; they replace or add single keys, one after the other.

    Raises
    ------
    ConfigError
        When the file cannot be read or is not YAML, or a setting is not a key and a value.

    Examples
    --------
    >>> content, label = read_content({"name": "fans", "seed": 0}, ["seed=3", "query.n_shifts=[1]"])
    >>> content
    {'name': 'fans', 'seed': 3, 'query': {'n_shifts': [1]}}
    """
    if isinstance(source, Mapping):
        content, label = dict(source), f"sweep {source.get('name', 'without a name')}"
    else:
        path = _spec_path(source)
        content, label = {"name": path.stem, **_read(path)}, str(source)
    for setting in settings:
        _apply(content, setting)
    return content, label


def with_absolute_paths(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the raw content of a spec with absolute paths, so that it holds in any folder.

    Files of profiles, folders of music and lists of recordings that are named relative to the
    working folder of this process are named from the root on.
    """
    found = dict(content)
    profiles = found.get("profiles")
    if isinstance(profiles, str):
        found["profiles"] = _absolute_profile(profiles)
    elif isinstance(profiles, list | tuple):
        found["profiles"] = [
            _absolute_profile(one) if isinstance(one, str) else one for one in profiles
        ]
    if isinstance(found.get("corpus"), str):
        found["corpus"] = _absolute_corpus(found["corpus"])
    queries = found.get("queries")
    if isinstance(queries, str):
        found["queries"] = _absolute(queries)
    elif isinstance(queries, dict) and isinstance(queries.get("list"), str):
        found["queries"] = {**queries, "list": _absolute(queries["list"])}
    if isinstance(found.get("sources"), dict):
        sources = found["sources"].items()
        found["sources"] = {
            name: _absolute_corpus(one) if isinstance(one, str) else one for name, one in sources
        }
    return found


def _absolute_profile(name: str) -> str:
    return str(Path(name).resolve()) if profile_path(name) == Path(name) else name


def _absolute_corpus(name: str) -> str:
    kind, _, path = name.partition(":")
    if kind not in {"folder", "csv"} or not path:
        return name
    return f"{kind}:{_absolute(path)}"


def _absolute(path: str) -> str:
    return as_text(str(Path(path).expanduser().resolve()))


def spec_names() -> list[str]:
    """Return the names of the specs that come with the project, sorted."""
    return sorted(path.stem for path in SPECS_FOLDER.glob("*.yml"))


def _spec_path(source: str | Path) -> Path:
    path = Path(source)
    if isinstance(source, str) and path.suffix not in {".yml", ".yaml"} and len(path.parts) == 1:
        return SPECS_FOLDER / f"{source}.yml"
    return path


def _read(path: Path) -> dict[str, Any]:
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_UniqueKeyLoader)
    except OSError as error:
        known = ", ".join(spec_names())
        raise ConfigError(
            f"cannot read the spec {path} ({error.strerror}): name a file or one of {known}"
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(content, dict):
        raise ConfigError(f"{path} must hold keys and values, such as `corpus: generated`")
    return content


class _UniqueKeyLoader(yaml.SafeLoader):
    """Refuses a key that comes twice, of which YAML would keep the last in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} comes twice", node.start_mark
                )
        return super().construct_mapping(node, deep=deep)


def _apply(content: dict[str, Any], setting: str) -> None:
    """Set one ``key=value`` in the content of a spec."""
    key, equals, text = setting.partition("=")
    if not equals or not key:
        raise ConfigError(f"a setting must be key=value, such as seed=1, got {setting!r}")
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        raise ConfigError(f"the value of {key} is not YAML: {text!r}") from None
    head, dot, rest = key.partition(".")
    if not dot:
        content[head] = value
        return
    inner = content.get(head, {})
    if not isinstance(inner, dict):
        raise ConfigError(f"{key} cannot be set: {head} is not a mapping")
    # The keys of the grids are themselves dotted, so what follows the first dot is one key.
    content[head] = {**inner, rest: value}
