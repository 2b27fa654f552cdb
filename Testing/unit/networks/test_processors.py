"""Which provider "auto" means on which processor, and how the processor is read."""

from __future__ import annotations

import json
import sys

import pytest

from DentalTopoSegLib.errors import ModelError
from DentalTopoSegLib.networks import processors, providers
from DentalTopoSegLib.networks.processors import Processor, features_of_cpuinfo, kind_of, this_processor
from DentalTopoSegLib.networks.resources import resources_dir

_CPUINFO = """processor\t: 0
vendor_id\t: GenuineIntel
flags\t\t: fpu sse2 avx2 {more}
vmx flags\t: vnmi

processor\t: 1
flags\t\t: fpu
"""
_ARM = "processor\t: 0\nFeatures\t: fp asimd asimddp i8mm\n"


def x86(more: str) -> Processor:
    return Processor("x86-64", frozenset(features_of_cpuinfo(_CPUINFO.format(more=more))))


@pytest.mark.parametrize(
    ("processor", "kind", "with_openvino"),
    [
        (x86("avx512f avx512_vnni amx_int8"), "amx", "openvino"),
        (x86("avx512f avx512_vnni"), "vnni", "openvino"),
        (x86("avx_vnni"), "avx-vnni", "openvino"),
        (x86(""), "avx2", "openvino"),
        (Processor("x86-64"), "other", "onnxruntime"),
        (Processor("arm64", frozenset(features_of_cpuinfo(_ARM))), "arm64", "onnxruntime"),
        (Processor("riscv64"), "other", "onnxruntime"),
    ],
)
def test_the_processor_decides_among_what_is_installed(monkeypatch, processor, kind, with_openvino):
    assert kind_of(processor).name == kind
    monkeypatch.setattr(providers, "this_processor", lambda: processor)
    for there, chosen in ((True, with_openvino), (False, "onnxruntime")):
        monkeypatch.setattr(providers, "_has_openvino", lambda there=there: there)
        assert providers.choose_provider("auto") == chosen
    assert providers.choose_provider("onnxruntime") == "onnxruntime"


def test_the_choice_stands_in_the_file(tmp_path):
    path = tmp_path / "processors.json"
    row = {"name": "all", "machine": "any", "features": [], "providers": ["onnxruntime"], "basis": "a guess"}
    path.write_text(json.dumps({"kinds": [row]}), encoding="utf-8")
    assert kind_of(x86("avx512_vnni"), path).providers == ("onnxruntime",)
    row["machine"] = "arm64"
    other = tmp_path / "other.json"
    other.write_text(json.dumps({"kinds": [row]}), encoding="utf-8")
    with pytest.raises(ModelError, match="has no kind for x86-64"):
        kind_of(x86(""), other)


def test_a_damaged_file_says_where(tmp_path):
    path = tmp_path / "processors.json"
    row = {"name": "all", "machine": "any", "features": [], "providers": ["cuda"], "basis": "a guess"}
    path.write_text(json.dumps({"kinds": [row]}), encoding="utf-8")
    with pytest.raises(ModelError, match=r"is damaged: kinds\[0\]\.providers\[0\] is 'cuda', not \"onnxruntime\""):
        kind_of(x86(""), path)


def test_every_kind_says_what_its_choice_rests_on_and_one_takes_all():
    kinds = json.loads((resources_dir() / "Models" / "processors.json").read_text(encoding="utf-8"))["kinds"]
    assert kinds[-1]["machine"] == "any" and kinds[-1]["features"] == []
    assert all(kind["providers"][-1] == "onnxruntime" and kind["basis"] for kind in kinds)


@pytest.mark.skipif(sys.platform != "linux", reason="/proc/cpuinfo is Linux's")
def test_numpy_and_linux_tell_the_same_of_this_processor():
    this = this_processor()
    for name in ("avx2", "avx512_vnni"):
        if this.machine == "x86-64":
            assert (name in this.features) == (name in processors._of_numpy())


def test_a_system_that_tells_nothing_has_no_features(monkeypatch):
    this_processor.cache_clear()
    monkeypatch.setattr(sys, "platform", "plan9")
    assert this_processor().features == frozenset()
    this_processor.cache_clear()
