"""What would break a consumer: the changes of a schema that a version must not make."""

from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]


def breaks(old: Schema, new: Schema) -> list[str]:
    """Return what a consumer of `old` may trip over in messages of `new`, a sentence each; additions are welcome."""
    return list(_breaks(old, new, old, new, "", frozenset()))


def _breaks(
    old: Schema, new: Schema, old_root: Schema, new_root: Schema, where: str, seen: frozenset[str]
) -> Iterator[str]:
    here = where or "the message"
    reference = f"{old.get('$ref')} {new.get('$ref')}"
    if "$ref" in old and reference in seen:
        return
    seen = seen | {reference}
    old, new = _resolve(old, old_root), _resolve(new, new_root)
    if extra := sorted(_types(new, new_root) - _types(old, old_root)):
        yield f"{here} may now be {', '.join(extra)}"
    allowed, possible = _values(old), _values(new)
    if allowed is not None and (possible is None or possible - allowed):
        yield f"{here} may now have other values: {sorted(map(str, (possible or set()) - allowed)) or 'any'}"
    for key in ("pattern", "format"):
        if key in old and old[key] != new.get(key):
            yield f"{here} changed its {key}"
    for key, wider in (("minimum", -1), ("maximum", 1), ("maxLength", 1)):
        if key in old and (key not in new or (new[key] - old[key]) * wider > 0):
            yield f"{here} may now go beyond its {key}"
    required = set(new.get("required", ()))
    for name, part in old.get("properties", {}).items():
        path = f"{where}.{name}" if where else name
        if name not in new.get("properties", {}):
            yield f"{path} was removed"
            continue
        if name in old.get("required", ()) and name not in required:
            yield f"{path} may now be absent"
        yield from _breaks(part, new["properties"][name], old_root, new_root, path, seen)
    for key in ("items", "additionalProperties"):
        if isinstance(old.get(key), Mapping) and isinstance(new.get(key), Mapping):
            yield from _breaks(old[key], new[key], old_root, new_root, f"{where}[]", seen)
    theirs = {tuple(_types(part, new_root)): part for part in new.get("anyOf", ())}
    for part in old.get("anyOf", ()):
        match = theirs.get(tuple(_types(part, old_root)))
        if match is not None:
            yield from _breaks(part, match, old_root, new_root, where, seen)


def _resolve(schema: Schema, root: Schema) -> Schema:
    while "$ref" in schema:
        found: Any = root
        for step in schema["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        schema = found
    return schema


def _types(schema: Schema, root: Schema) -> set[str]:
    schema = _resolve(schema, root)
    if "anyOf" in schema:
        return set().union(*(_types(part, root) for part in schema["anyOf"]))
    kind = schema.get("type")
    return {kind} if isinstance(kind, str) else set(kind or ())


def _values(schema: Schema) -> set[Any] | None:
    if "const" in schema:
        return {schema["const"]}
    return set(schema["enum"]) if "enum" in schema else None
