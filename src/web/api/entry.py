"""What the OpenAPI document says of one operation."""

from __future__ import annotations

import inspect
from typing import Any

from src.core.messages.base import AccessLevel
from src.web.problems import MEDIA_TYPE

from .operation import Body, Operation

Json = dict[str, Any]

REFERENCE = "#/components/schemas/"
_JSON = "application/json"


def entry(operation: Operation, schemas: Json) -> Json:
    """The operation's entry; takes the fields of its path out of its request's schema in ``schemas``."""
    summary, _, more = (inspect.getdoc(operation.request) or "").replace("``", "`").partition(". ")
    described: Json = {
        "operationId": operation.id.replace(".", "_"),
        "tags": [operation.tag],
        "summary": " ".join(summary.split()).rstrip("."),
        "x-capability": operation.request.capability,
        "x-permission": operation.request.access.level.value,
    }
    if more:
        described["description"] = " ".join(more.split())
    parameters = _parameters(operation, schemas)
    if parameters:
        described["parameters"] = parameters
    body = _body(operation, schemas)
    if body:
        described["requestBody"] = body
    described["responses"] = _responses(operation)
    if operation.public:
        described["security"] = []
    return described


def _properties(operation: Operation, schemas: Json) -> Json:
    properties: Json = schemas[operation.request.__name__].get("properties", {})
    return properties


def _parameters(operation: Operation, schemas: Json) -> list[Json]:
    properties = _properties(operation, schemas)
    found = [
        {"name": name, "in": "path", "required": True, "schema": _plain(properties[name])}
        for name in operation.places
    ]
    if operation.takes is Body.NONE and operation.method in {"GET", "DELETE"}:
        required = schemas[operation.request.__name__].get("required", [])
        query = {name: properties[name] for name in operation.inputs}
        if operation.whole_list:
            query = schemas["Slice"]["properties"]
        found.extend(_query_parameter(name, schema, name in required) for name, schema in query.items())
    if operation.id == "event.stream":
        found.append(
            {
                "name": "Last-Event-ID",
                "in": "header",
                "description": "The id of the last event seen; goes on after it.",
                "schema": {"type": "string"},
            }
        )
    return found


def _query_parameter(name: str, schema: Json, required: bool) -> Json:
    plain = _plain(schema)
    described: Json = {"name": name, "in": "query", "schema": plain}
    if "description" in plain:
        described["description"] = plain.pop("description")
    if required:
        described["required"] = True
    return described


def _plain(schema: Json) -> Json:
    """The schema without its title and without null, which a query or a path cannot hold."""
    plain = {key: value for key, value in schema.items() if key != "title"}
    choices = [choice for choice in plain.pop("anyOf", []) if choice != {"type": "null"}]
    if len(choices) == 1:
        plain.update(choices[0])
    if plain.get("default", ...) is None:
        del plain["default"]
    return plain


def _body(operation: Operation, schemas: Json) -> Json | None:
    match operation.takes:
        case Body.NONE:
            return None
        case Body.FILES:
            files = {"type": "array", "minItems": 1, "items": {"type": "string", "format": "binary"}}
            schema = {"type": "object", "properties": {"files": files}, "required": ["files"]}
            return {"required": True, "content": {Body.FILES.value: {"schema": schema}}}
        case Body.NDJSON:
            return {"required": True, "content": {Body.NDJSON.value: _import_lines()}}
        case Body.JSON:
            return _json_body(operation, schemas)


def _json_body(operation: Operation, schemas: Json) -> Json:
    name = operation.request.__name__
    schema = schemas[name]
    properties: Json = schema["properties"]
    for taken in set(properties) - set(operation.inputs):
        del properties[taken]
    required = [field for field in schema.get("required", []) if field in properties]
    schema.pop("required", None)
    if required:
        schema["required"] = required
    content: Json = {"schema": {"$ref": REFERENCE + name}}
    if operation.example:
        content["example"] = dict(operation.example)
    return {"required": bool(required), "content": {_JSON: content}}


def _import_lines() -> Json:
    text = {"type": "string"}
    properties = {
        "external_id": text,
        "title": text,
        "text": text,
        "uri": {"type": ["string", "null"]},
        "media_type": {"type": ["string", "null"]},
        "metadata": {"type": "object"},
    }
    line = {"type": "object", "properties": properties, "required": ["external_id", "text"]}
    example = '{"external_id": "page-1", "title": "Leave", "text": "Everyone has 30 days of leave."}\n'
    return {
        "schema": {"type": "string", "description": "One JSON object a line.", "x-line": line},
        "example": example,
    }


def _responses(operation: Operation) -> Json:
    replies: Json = {str(operation.status): _success(operation)}
    if operation.takes is not Body.NONE:
        replies.update({"400": _problem("The body cannot be read"), "413": _problem("Too large")})
        replies["415"] = _problem("The body is of another type")
    if operation.inputs or operation.places or operation.whole_list:
        replies["422"] = _problem("A field is not valid; `errors` says which")
    if not operation.public or operation.id == "account.issue_token":
        replies["401"] = _problem("No valid credentials")
    if operation.request.access.level in {AccessLevel.WRITE, AccessLevel.ADMINISTER}:
        replies["403"] = _problem("Not allowed")
    if operation.places:
        replies["404"] = _problem("Not there, or not for the caller to know of")
    if operation.parts:
        replies["429"] = _problem("All streams are in use; `Retry-After` says when to try again")
    replies["default"] = _problem("Any other failure")
    return dict(sorted(replies.items()))


def _success(operation: Operation) -> Json:
    if operation.parts:
        events = {name: {"$ref": REFERENCE + part.__name__} for name, part in operation.parts.items()}
        told = ", ".join(f"`{name}`" for name in events)
        stream = {"schema": {"type": "string"}, "x-events": events}
        return {
            "description": f"Server-sent events, their data as JSON: {told}.",
            "content": {"text/event-stream": stream},
        }
    if operation.reply is None:
        return {"description": "Done."}
    name = operation.reply.__name__.replace("[", "_").replace("]", "_")
    schema = {"$ref": REFERENCE + name}
    doc = (inspect.getdoc(operation.reply) or "Done.").replace("``", "`").split("\n", 1)[0]
    content: Json = {_JSON: {"schema": schema}}
    if operation.lines:
        content[Body.NDJSON.value] = {
            "schema": {"type": "string", "description": "The whole list, an item a line."}
        }
    return {"description": doc, "content": content}


def _problem(description: str) -> Json:
    return {"description": description, "content": {MEDIA_TYPE: {"schema": {"$ref": REFERENCE + "Problem"}}}}


def health_paths() -> Json:
    """The paths outside the API's prefix."""
    health = {"content": {_JSON: {"schema": {"$ref": REFERENCE + "Health"}}}}
    status = {"type": "object", "properties": {"status": {"const": "ok"}}}
    return {
        "/healthz": _watch(
            "alive",
            "Whether the process answers",
            {"200": {"description": "It does.", "content": {_JSON: {"schema": status}}}},
        ),
        "/readyz": _watch(
            "ready",
            "Whether every part is ready",
            {
                "200": {"description": "Every part is ready.", **health},
                "503": {"description": "Some part is not ready; `parts` says which.", **health},
            },
        ),
        "/metrics": _watch(
            "metrics",
            "Counts and gauges for Prometheus",
            {
                "200": {
                    "description": "The text exposition format.",
                    "content": {"text/plain": {"schema": {"type": "string"}}},
                }
            },
        ),
    }


def _watch(name: str, summary: str, responses: Json) -> Json:
    return {
        "get": {
            "operationId": f"health_{name}",
            "tags": ["health"],
            "summary": summary,
            "security": [],
            "responses": responses,
        }
    }
