"""JSON Schemas of every kind of YAML file, from which editors complete and check."""

import json
from pathlib import Path
from typing import Any

from flows.deployments import Deployments
from flows.glance import needs_config
from flows.intake.spec import Sources
from flows.settings import Owners, Senders, Settings
from flows.surveys import Surveys
from segments.policy import Policy
from segments.spec import Journey, Segments, Spec

SCHEMAS: dict[str, type[Spec]] = {
    "settings": Settings,
    "policy": Policy,
    "segments": Segments,
    "owners": Owners,
    "senders": Senders,
    "sources": Sources,
    "surveys": Surveys,
    "deployments": Deployments,
    "journey": Journey,
}
"""Every kind of YAML file, and the model it is read into."""


def write_schemas(folder: Path) -> list[Path]:
    """Write config/schema/*.json, from which editors complete and check. Returns the files."""
    needs_config(folder)
    target = folder / "config" / "schema"
    target.mkdir(exist_ok=True)
    written = []
    for name, model in SCHEMAS.items():
        file = target / f"{name}.json"
        file.write_text(schema_text(model), encoding="utf-8")
        written.append(file)
    return written


def schema_text(model: type[Spec]) -> str:
    """The JSON Schema of a file, as stored."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **_schema(model)}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _schema(model: type[Spec]) -> dict[str, Any]:
    return model.model_json_schema(by_alias=True)
