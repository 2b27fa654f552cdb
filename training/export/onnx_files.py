"""What every exported network of the intraoral path needs: a file without the exporter's traces, its description."""

from __future__ import annotations

import json
from typing import Any

import onnx

from DentalTopoSegLib.networks.models import METADATA_KEY


def without_traces(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model of torch's exporter, without the stack traces and shapes it leaves in the file."""
    del model.graph.value_info[:]
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    return model


def describe_model(model: onnx.ModelProto, metadata: dict[str, Any]) -> None:
    """Write the metadata that models.load_model reads into the model, in place of any it had."""
    del model.metadata_props[:]
    entry = model.metadata_props.add()
    entry.key, entry.value = METADATA_KEY, json.dumps(metadata)
    model.producer_name, model.producer_version = "dentaltoposeg training", ""
