"""A JSON Schema of AwsSecurityFinding, from the Security Hub service model and the limits in its prose.

The model itself states only required members, types and enums; lengths and counts stand in the documentation
("Length Constraints: Minimum length of 1. Maximum length of 512."), and some only in the API reference.
"""

import re

import botocore.session

DOCUMENTED = {
    "TypeList": {"maxItems": 50},
    "RelatedRequirementsList": {"maxItems": 32, "items": {"type": "string", "maxLength": 64, "pattern": r"\S"}},
    "FieldMap": {
        "maxProperties": 50,
        "propertyNames": {"minLength": 1, "maxLength": 128},
        "additionalProperties": {"type": "string", "minLength": 1, "maxLength": 2048},
    },
    "AwsAccountId": {"pattern": "^[0-9]{12}$"},
}
TIMES = {"CreatedAt", "UpdatedAt", "FirstObservedAt", "LastObservedAt"}
TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-](0\d|1[0-8]):[0-5]\d)$"
SCALARS = {
    "string": {"type": "string", "pattern": r"\S"},
    "integer": {"type": "integer"},
    "double": {"type": "number"},
    "boolean": {"type": "boolean"},
    "long": {"type": "integer"},
}


def asff_schema():
    model = botocore.session.get_session().get_service_model("securityhub")
    shapes = {}
    root = _shape(model.shape_for("AwsSecurityFinding"), shapes)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$defs": shapes} | root


def _shape(shape, shapes):
    if shape.type_name in SCALARS:
        return SCALARS[shape.type_name] | ({"enum": list(shape.enum)} if getattr(shape, "enum", None) else {})
    if shape.name not in shapes:
        shapes[shape.name] = {}  # before its members: shapes may contain themselves
        shapes[shape.name] = _container(shape, shapes) | DOCUMENTED.get(shape.name, {})
    return {"$ref": f"#/$defs/{shape.name}"}


def _container(shape, shapes):
    if shape.type_name == "list":
        return {"type": "array", "items": _shape(shape.member, shapes)}
    if shape.type_name == "map":
        return {"type": "object", "additionalProperties": _shape(shape.value, shapes)}
    members = {name: _member(name, member, shapes) for name, member in shape.members.items()}
    return {
        "type": "object",
        "properties": members,
        "required": list(shape.required_members),
        "additionalProperties": False,
    }


def _member(name, shape, shapes):
    limits = dict(DOCUMENTED.get(name, {}))
    text = re.sub("<[^>]+>", "", shape.documentation)
    for words, keyword in (
        (r"Maximum (?:length )?of (\d+)", "maxLength" if shape.type_name == "string" else None),
        (r"Minimum (?:length )?of (\d+)", "minLength" if shape.type_name == "string" else None),
        (r"Maximum number of (\d+) item", "maxItems"),
        (r"Minimum number of (\d+) item", "minItems"),
    ):
        found = re.search(words, text)
        if found and keyword:
            limits[keyword] = int(found.group(1))
    if name in TIMES:
        limits["pattern"] = TIME
    return {"allOf": [_shape(shape, shapes), limits]} if limits else _shape(shape, shapes)
