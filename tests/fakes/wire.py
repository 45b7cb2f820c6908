"""How the fake writes an answer: checked against AWS's model, in the service's own protocol, with real page tokens."""

from __future__ import annotations

import base64
import json
from typing import Any

from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model

Answer = tuple[int, dict[str, str], str | bytes]


def success(service: str, operation: str, answer: dict[str, Any]) -> Answer:
    """`answer` as boto3's `service` would send it. AssertionError for a field that its model does not have."""
    model = get_service_model(service)
    output = model.operation_model(operation)
    check_shape(output.output_shape, answer, operation)
    made = get_serializer_class(service, model.resolved_protocol)(output).serialize(answer)
    return made["status_code"], made["headers"], made["body"]


def refusal(model: Any, status: int, code: str, message: str) -> Answer:
    """An error as the service would send it."""
    protocol = model.resolved_protocol
    if "json" in protocol or "cbor" in protocol:
        headers = {"x-amzn-errortype": code, "Content-Type": "application/x-amz-json-1.1"}
        return status, headers, json.dumps({"__type": code, "message": message})
    error = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    if protocol == "ec2":
        error = f"<Response><Errors>{error}</Errors><RequestID>1</RequestID></Response>"
    elif protocol == "query":
        error = f"<ErrorResponse>{error}<RequestId>1</RequestId></ErrorResponse>"
    return status, {"Content-Type": "text/xml"}, error


def check_shape(shape: Any, value: Any, path: str) -> None:
    """AssertionError where `value` has a member that AWS's model does not know."""
    if shape is None or value is None:
        return
    if shape.type_name == "structure":
        unknown = set(value) - set(shape.members)
        assert not unknown, f"{path} has no {', '.join(sorted(unknown))}"
        for name, member in value.items():
            check_shape(shape.members[name], member, f"{path}.{name}")
    elif shape.type_name == "list":
        for member in value:
            check_shape(shape.member, member, f"{path}[]")
    elif shape.type_name == "map":
        for member in value.values():
            check_shape(shape.value, member, f"{path}{{}}")
    elif getattr(shape, "enum", None):
        assert value in shape.enum, f"{path} is never `{value}`"


def page(paginator: dict[str, Any], member: str, items: list[Any], params: dict[str, Any], size: int) -> dict[str, Any]:
    """One page of `items`, by the token and limit that `params` ask for."""
    limit = min(filter(None, (params.get(paginator.get("limit_key", "")), size)))
    start = _offset(params.get(paginator["input_token"]))
    more = start + limit < len(items)
    answer: dict[str, Any] = {member: items[start : start + limit]}
    if "more_results" in paginator:
        answer[paginator["more_results"]] = more
    if more:
        answer[paginator["output_token"]] = _token(start + limit)
    return answer


def _token(offset: int) -> str:
    return base64.b64encode(f"from {offset}".encode()).decode()


def _offset(token: str | None) -> int:
    if token is None:
        return 0
    text = base64.b64decode(token, validate=True).decode()
    assert text.startswith("from "), f"`{token}` is not a token of this fake"
    return int(text[5:])
