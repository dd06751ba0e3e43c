"""miniprogram/api/openapi.d.ts: what the API takes and answers, as types for the mini-program.

`tsc --checkJs` reads them; they are no part of the package that phones load.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

_HEAD = """// Made from docs/openapi.json by `make docs`; don't edit.
// Times are ISO 8601 with an offset, days are YYYY-MM-DD, ids are UUIDs.
"""
_REF = "#/components/schemas/"
_SIMPLE = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean"}

Schema = dict[str, Any]


def phone_types(document: dict[str, Any]) -> str:
    """An interface for each schema of an OpenAPI document.

    What is answered is always whole; of what is taken, all may be left out but what is required.
    """
    schemas: dict[str, Schema] = document["components"]["schemas"]
    taken = _taken(document["paths"], schemas)
    parts = [_interface(name, schemas[name], name in taken) for name in sorted(schemas)]
    return "\n".join([_HEAD, *parts])


def _taken(paths: dict[str, Any], schemas: dict[str, Schema]) -> set[str]:
    """The schemas of requests' bodies, with those within them."""
    bodies = (
        operation.get("requestBody", {})
        for operations in paths.values()
        for operation in operations.values()
        if isinstance(operation, dict)
    )
    found: set[str] = set()
    waiting = [name for body in bodies for name in _named(body)]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(_named(schemas[name]))
    return found


def _named(part: Any) -> Iterator[str]:
    """The schemas that a part of the document names, however deep."""
    return (match[1] for match in re.finditer(rf'"\$ref": "{_REF}(\w+)"', json.dumps(part)))


def _interface(name: str, schema: Schema, taken: bool) -> str:
    required = schema.get("required", [])
    lines = []
    for key, value in schema.get("properties", {}).items():
        if "description" in value:
            lines.append(f"  /** {value['description']} */")
        optional = "?" if taken and key not in required else ""
        lines.append(f"  {key}{optional}: {_type(value)};")
    return "\n".join([f"export interface {name} {{", *lines, "}", ""])


def _type(schema: Schema) -> str:
    """The type of a value, `null` where that may stand in its place.

    Raises KeyError for a kind of schema that the API has never had.
    """
    if "$ref" in schema:
        return str(schema["$ref"]).removeprefix(_REF)
    if "allOf" in schema:
        return " & ".join(_type(part) for part in schema["allOf"])
    if "anyOf" in schema:
        # marshmallow's way to say "this, or null"
        parts = [_type(part) for part in schema["anyOf"] if "$ref" in part]
        return " | ".join([*parts, "null"])
    if "enum" in schema:
        words = [json.dumps(word, ensure_ascii=False) for word in schema["enum"]]
    else:
        words = [_plain(schema)]
    if schema.get("nullable") and "null" not in words:
        words.append("null")
    return " | ".join(words)


def _plain(schema: Schema) -> str:
    match schema["type"]:
        case "array":
            item = _type(schema["items"])
            return f"({item})[]" if "|" in item else f"{item}[]"
        case "object":
            values = schema.get("additionalProperties")
            return f"Record<string, {_type(values) if values else 'unknown'}>"
        case simple:
            return _SIMPLE[simple]
