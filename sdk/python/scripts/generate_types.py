"""Generates src/callboard/types.py from the committed OpenAPI document: `python scripts/generate_types.py`.

With --check, fails if the file is not up to date. Uses only the standard library.
"""

import json
import keyword
import sys
import textwrap
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).resolve().parent.parent
DOCUMENT = PACKAGE.parent.parent / "tests/it/snapshots/openapi.json"
TARGET = PACKAGE / "src/callboard/types.py"
WIDTH = 116

HEAD = '''"""The shapes of requests and responses, as typed dictionaries.

Generated from the server's OpenAPI document by scripts/generate_types.py; do not edit.

A field that is not `NotRequired` is always present in a response and required in a request. Times are RFC 3339 texts.
Servers may add fields; unknown ones can be ignored.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, Literal, TypeAlias, TypedDict

if sys.version_info >= (3, 11):
    from typing import NotRequired
else:
    from typing_extensions import NotRequired
'''

PRIMITIVES = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "null": "None",
    "object": "dict[str, Any]",
}
# Parameters that make the pages of a list; the client's iterators set them.
PAGING = {"limit", "cursor", "offset"}


def annotation(schema: Any) -> str:
    """The Python type of a schema."""
    if not isinstance(schema, dict):
        return "Any"
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    if "oneOf" in schema:
        return union([annotation(one) for one in schema["oneOf"]])
    if "enum" in schema:
        return f"Literal[{', '.join(json.dumps(value) for value in schema['enum'])}]"
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if not kinds:
        return "Any"
    return union([single(kind, schema) for kind in kinds])


def single(kind: str, schema: dict[str, Any]) -> str:
    """The Python type of a schema for one JSON type."""
    if kind == "array":
        return f"list[{annotation(schema.get('items'))}]"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"dict[str, {annotation(schema['additionalProperties'])}]"
    return PRIMITIVES[kind]


def union(kinds: list[str]) -> str:
    """A union, with None last."""
    unique = sorted(set(kinds), key=lambda kind: (kind == "None", kinds.index(kind)))
    return "Any" if "Any" in unique else " | ".join(unique)


def description(schema: Any) -> str:
    """The description of a field, also where it stands beside a reference."""
    if not isinstance(schema, dict):
        return ""
    own = schema.get("description") or ""
    inner = next((d for one in schema.get("oneOf", []) if (d := description(one))), "")
    return " ".join(str(own or inner).split())


def docstring(text: str, indent: str) -> list[str]:
    """A docstring of one or more lines."""
    text = text.replace("\\", "\\\\").replace('"""', "'''")
    one = f'{indent}"""{text}"""'
    if len(one) <= WIDTH and not text.endswith('"'):
        return [one]
    lines = textwrap.wrap(text, WIDTH - len(indent))
    lines[0] = f'"""{lines[0]}'
    return [*[indent + line for line in lines], f'{indent}"""']


def typed_dict(name: str, text: str, fields: list[tuple[str, str, bool, str]]) -> list[str]:
    """A class of fields: name, type, whether it is required, description."""
    if any(keyword.iskeyword(field) or not field.isidentifier() for field, *_ in fields):
        members = [
            f'        "{field}": {kind!r},' if required else f'        "{field}": {f"NotRequired[{kind}]"!r},'
            for field, kind, required, _ in fields
        ]
        return [f"{name} = TypedDict(", f'    "{name}",', "    {", *members, "    },", ")", *docstring(text, "")]
    lines = [f"class {name}(TypedDict):", *docstring(text or name, "    "), ""]
    for field, kind, required, about in fields:
        lines.append(f"    {field}: {kind}" if required else f"    {field}: NotRequired[{kind}]")
        lines += docstring(about, "    ") if about else []
    return lines


def schema_lines(name: str, schema: dict[str, Any]) -> list[str]:
    """The definition of one named schema."""
    about = description(schema)
    if "properties" not in schema:
        lines = [f"{name}: TypeAlias = {annotation(schema)}"]
        return lines + docstring(about, "") if about else lines
    required = set(schema.get("required", []))
    fields = [(f, annotation(s), f in required, description(s)) for f, s in schema["properties"].items()]
    return typed_dict(name, about, fields)


def query_lines(operation: dict[str, Any]) -> list[str]:
    """The filters of a list, or nothing."""
    fields = []
    for parameter in operation.get("parameters", []):
        if parameter["in"] != "query" or parameter["name"] in PAGING:
            continue
        about = description(parameter)
        kind = annotation(parameter["schema"]).removesuffix(" | None")
        if "comma-separated" in about:
            kind = "str | Sequence[str]"
        elif kind.startswith("list["):
            kind = kind.replace("list[", "Sequence[", 1)
        fields.append((parameter["name"], kind, bool(parameter.get("required")), about))
    if not fields:
        return []
    name = operation["operationId"][0].upper() + operation["operationId"][1:] + "Query"
    return typed_dict(name, f"The query parameters of `{operation['operationId']}`.", fields)


def generate(document: dict[str, Any]) -> str:
    """The text of the module."""
    blocks = [schema_lines(name, schema) for name, schema in sorted(document["components"]["schemas"].items())]
    queries = [query_lines(path["get"]) for path in document["paths"].values() if "get" in path]
    blocks += sorted(query for query in queries if query)
    return HEAD + "\n\n" + "\n\n\n".join("\n".join(block) for block in blocks) + "\n"


def main() -> None:
    """Writes or checks the file."""
    text = generate(json.loads(DOCUMENT.read_text(encoding="utf-8")))
    if "--check" not in sys.argv:
        TARGET.write_text(text, encoding="utf-8")
    elif not TARGET.exists() or TARGET.read_text(encoding="utf-8") != text:
        sys.exit(f"{TARGET} is not up to date with {DOCUMENT}: run python {Path(__file__).name}")


if __name__ == "__main__":
    main()
