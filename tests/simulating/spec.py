"""SendGrid's own OpenAPI files, as an oracle for the simulator.

Known defects, mended here so that they do not judge what SendGrid really does:
- the root's custom_args are typed as a string; SendGrid takes an object of strings and refuses
  strings (its own error says so);
- errors are typed with OpenAPI 3.0's "nullable", which 3.1 does not know, so that "field": null
  would be an error; and "help" as an object, where every answer on record has a text or null;
- a global suppression nobody has is "an empty object", says its description, yet its address is
  required.
"""

from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest
from openapi_schema_validator import OAS31Validator

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "spec"
MAIL = "mail"


def needed() -> None:
    """Skip where the files are not beside this checkout."""
    if not FOLDER.is_dir():
        pytest.skip("SendGrid's OpenAPI files (../shared/spec) are not beside this checkout")


@cache
def document(name: str) -> dict[str, Any]:
    """One of the files, mended."""
    read = orjson.loads((FOLDER / f"tsg_{name}_v3.json").read_bytes())
    _mend(read)
    if name == MAIL:
        properties = _request(read)["properties"]
        properties["custom_args"] = {"type": "object", "additionalProperties": {"type": "string"}}
    if name == "suppressions":
        where = read["paths"]["/v3/asm/suppressions/global/{email}"]["get"]["responses"]["200"]
        del where["content"]["application/json"]["schema"]["required"]
    return read


def request_faults(body: Any) -> list[str]:
    """Where a request to send mail is not as its schema says."""
    return _faults(document(MAIL), _request(document(MAIL)), body)


def answer_faults(name: str, path: str, method: str, status: int, body: Any) -> list[str]:
    """Where an answer is not as the file of that name says of this call and status."""
    whole = document(name)
    answers = whole["paths"][path][method.lower()]["responses"]
    answer = answers.get(str(status)) or answers.get("default")
    if answer is None:
        return [f"{method} {path} answers {status}, which is not documented"]
    if "$ref" in answer:
        answer = whole["components"]["responses"][answer["$ref"].rsplit("/", 1)[1]]
    content = answer.get("content")
    if content is None:
        return [] if body is None else ["there is a body where none is documented"]
    return _faults(whole, content["application/json"]["schema"], body)


def event_faults(event: dict[str, Any]) -> list[str]:
    """Where an event of Email Logs is not as its kind's schema says."""
    name = {"dropped": "Dropped", "cancel_drop": "Dropped", "spamreport": "SpamReport"}.get(
        event["event"], "".join(word.title() for word in event["event"].split("_"))
    )
    whole = document("logs")
    schema = whole["components"]["schemas"][f"{name}Event"]
    unknown = set(event) - set(schema["properties"])
    return [*sorted(unknown), *_faults(whole, schema, event)]


def _faults(whole: dict[str, Any], schema: dict[str, Any], body: Any) -> list[str]:
    checker = OAS31Validator({**schema, "components": whole["components"]}, format_checker=_FORMATS)
    return [
        f"{'.'.join(map(str, error.absolute_path))}: {error.message[:200]}"
        for error in checker.iter_errors(body)
    ]


_FORMATS = OAS31Validator.FORMAT_CHECKER


def _request(read: dict[str, Any]) -> dict[str, Any]:
    body = read["components"]["requestBodies"]["PostMailSend"]
    return body["content"]["application/json"]["schema"]


def _mend(part: Any) -> None:
    if isinstance(part, list):
        for each in part:
            _mend(each)
    elif isinstance(part, dict):
        if part.pop("nullable", False) and isinstance(part.get("type"), str):
            part["type"] = [part["type"], "null"]
        properties = part.get("properties")
        if isinstance(properties, dict) and {"message", "help"} <= set(properties):
            properties["help"] = {"type": ["string", "null"]}
        for each in part.values():
            _mend(each)
