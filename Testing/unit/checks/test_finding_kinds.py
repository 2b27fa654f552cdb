"""What every kind of finding owes: a toy that calls for it, words in every numbering, a way through a report."""

from __future__ import annotations

import ast
import inspect
import json
import re
import string
import sys
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from odd_teeth import CASES as MAPS
from odd_teeth import broken, stray
from test_repair_surfaces import CASES as SURFACES
from test_repair_surfaces import numbered
from toy_jaw_map import odd_structures
from toy_jaws import toy_jaw
from toy_teeth import at, paint, relabel, tidy, volume

from DentalTopoSegLib.checks.findings import (
    CODES,
    KINDS,
    Finding,
    Kind,
    check_dentition,
    check_jaws,
    findings_of,
    repairs_for,
    templates,
)
from DentalTopoSegLib.checks.findings.finding import register
from DentalTopoSegLib.checks.findings.nearness import ROOT
from DentalTopoSegLib.checks.repair import Repair
from DentalTopoSegLib.dentition import FDI_PERMANENT, Confidence, Known, TwoNumbers, flipped_jaw
from DentalTopoSegLib.dentition.naming import NUMBERINGS, tooth_text
from DentalTopoSegLib.dentition.words import Sentence
from DentalTopoSegLib.files.json_schema import require_schema
from DentalTopoSegLib.files.json_text import read_json
from DentalTopoSegLib.reports.report import SCHEMA_FILE

BEFORE = Path(__file__).resolve().parents[2] / "data" / "before" / "reports"
#: Lower teeth behind 32: no Universal number looks like them.
FDI_ONLY = re.compile(r"\b(3[3-8]|4[1-8])\b")


def _label_maps() -> list[list[Finding]]:
    odd = [check_dentition(volume(make().astype(np.uint8))) for make in MAPS.values()]
    large = np.pad(tidy(), 12)
    paint(large, 46, at(46, 12, 12, 16), scale=1.65)
    gaps = relabel(tidy(), {35: 0, 36: 0, 44: 0, 47: 0})
    few = np.where(tidy() > 40, tidy(), 0)
    upside_down = relabel(np.where(tidy() > 30, tidy(), 0), {fdi: flipped_jaw(fdi) for fdi in FDI_PERMANENT})
    closed = relabel(tidy(), {14: 0, 15: 0, 16: 0, 17: 0})
    for fdi in (15, 16, 17):
        paint(closed, fdi, at(fdi) + at(14) - at(15))
    doubts = {31: 0.41, 34: 0.02, 46: float("nan")}
    two = {36: TwoNumbers(36, 37, 0.9, 0.6), 46: TwoNumbers(47, 46, None, 0.7, decided=True)}
    return [
        *odd,
        check_dentition(volume(large)),
        check_dentition(volume(gaps), doubts),
        check_dentition(volume(gaps), Confidence(doubts, calibrated=True)),
        check_dentition(volume(few[:, int(at(46)[1]) :])),
        check_dentition(volume(upside_down)),
        check_dentition(volume(closed)),
        check_dentition(volume(relabel(tidy(), {45: 46, 44: 0}))),
        check_dentition(volume(stray(broken(tidy().copy(), 46), 46))),
        *(check_dentition(volume(array), structures=volume(beside)) for array, beside in odd_structures()),
        check_dentition(volume(tidy()), two_numbers=two),
    ]


def _surfaces() -> list[list[Finding]]:
    lower, upper = toy_jaw("lower"), toy_jaw("upper")
    odd = [check_jaws([make(lower)], ["lower 36"]) for make in SURFACES.values()]
    wide = lower.where(lower.near(44, (0, 0, 0), 9) & (lower.fdi == 0), 44)
    gap = toy_jaw("lower", absent=(41,))
    beside = gap.vertices - gap.centre(31)
    strip = (beside[:, 0] > 0) & (beside[:, 0] < 9) & (np.abs(beside[:, 1]) < 2) & (gap.fdi == 0)
    drawn_out = gap.where(strip, 31)
    back = lower.vertices[:, 1] > lower.centre(37)[1]
    turned = upper.moved(np.diag([1, -1, -1]))
    odd += [
        check_jaws([numbered(wide)], ["scan"]),
        check_jaws([numbered(lower, known=Known(two_numbers={36: TwoNumbers(37, 36)}))], ["scan"]),
        check_jaws([numbered(drawn_out)], ["scan"]),
        check_jaws([numbered(toy_jaw("lower", absent=(36, 47)))], ["scan"]),
        check_jaws([numbered(lower.cropped(back | (lower.vertices[:, 0] < 0)))], ["scan"]),
        check_jaws([numbered(lower, confidence={36: 0.3, 46: float("nan")})], ["scan"]),
        check_jaws([numbered(lower, jaw_inferred="upper", inside_out=True)], ["36"], ["lower"]),
        check_jaws([numbered(lower, jaw_confidence=0.6, frame_confidence=0.36)], ["36"]),
    ]
    pairs = [
        (numbered(upper, jaw_inferred="lower"), numbered(lower, jaw_inferred="upper")),
        (numbered(upper), numbered(lower, jaw_inferred="upper")),
        (numbered(upper), numbered(upper, jaw="lower")),
        (numbered(upper.moved(np.eye(3), (0, 0, 36))), numbered(lower)),
        (numbered(upper.moved(np.eye(3), (0, 0, -7))), numbered(lower)),
        (numbered(turned), numbered(lower)),
        (numbered(upper.where(upper.fdi > 0, 0)), numbered(lower)),
    ]
    return odd + [check_jaws(list(pair), ["first 36", "second 46"]) for pair in pairs]


def _of_roots_and_structures() -> list[Finding]:
    """What is said of every root and structure by name; that they get these names is tested with the measures."""
    line = {"line_ras": [[1.0, 2.0, 3.0], [1.0, 2.0, 3.5]], "uncertainty_mm": 0.2, "limit_mm": 2.0}
    told = []
    for root in ("", *ROOT):
        for code, fdi, key in (("near_canal", 46, "canal_right"), ("near_sinus", 16, "sinus_right")):
            for distance in (0.1, 0.5):
                detail = {**line, "structure": key, "mm": distance, "root": root}
                told.append(Finding(code, (fdi,), (1.0, 2.0, 3.0), "info", None, detail))
    gap = {"pieces": 3, "gap_mm": 4.5, "line_ras": line["line_ras"]}
    told += [
        Finding("canal_in_pieces", (), None, "warning", None, {"structure": key, **gap})
        for key in ("canal_right", "canal")
    ]
    return told


@lru_cache
def checks() -> tuple[list[Finding], ...]:
    """The findings of every toy, label maps and surfaces."""
    return (*_label_maps(), *_surfaces(), _of_roots_and_structures())


def found(code: str) -> list[Finding]:
    return [finding for check in checks() for finding in check if finding.code == code]


every_kind = pytest.mark.parametrize("kind", KINDS, ids=CODES)


# ---------------------------------------------------------------- words


@every_kind
def test_a_toy_calls_for_every_kind(kind: Kind) -> None:
    assert found(kind.code)


@every_kind
def test_its_words_are_complete_in_every_numbering(kind: Kind) -> None:
    for finding in found(kind.code):
        for numbering in NUMBERINGS:
            text = finding.say(numbering)
            assert text.endswith(".")
            assert not re.search(r"[{}]|None|nan|\s\s", text), text


@every_kind
def test_no_fdi_number_is_left_in_another_numbering(kind: Kind) -> None:
    for finding in found(kind.code):
        for numbering in ("Universal", "Palmer"):
            said = bare(finding.sentence).say(numbering)
            assert not FDI_ONLY.search(said), (finding.message, said)
            if len(finding.teeth) < FEWEST_OF_A_JAW:
                assert all(tooth_text(fdi, numbering) in said for fdi in finding.teeth), (finding.message, said)


#: A finding of a jaw as a whole does not name its teeth; the toys have no finding of so many single ones.
FEWEST_OF_A_JAW = 5


def bare(sentence: Sentence) -> Sentence:
    """The sentence with 0 for what is no tooth and no words: measures and names of files may look like teeth."""
    fields = {}
    for template in filter(None, (sentence.text, sentence.plural)):
        for _, name, spec, _ in string.Formatter().parse(template):
            if name is not None and name != "count":
                value = sentence.fields[name]
                if isinstance(value, Sentence):
                    value = bare(value)
                elif spec not in ("tooth", "numbers", "teeth", "Teeth", "words"):
                    value = 0
                fields[name] = value
    return Sentence(sentence.text, plural=sentence.plural, count=sentence.count, **fields)


@pytest.mark.parametrize(
    ("finding", "universal"),
    [
        (Finding("tunnel", (11,), None, "warning", None, {"count": 11}), "Tooth 8 has 11 holes running through it."),
        (
            Finding("void", (12,), None, "warning", None, {"count": 12, "about_mm3": 12.0}),
            "Tooth 7 has 12 enclosed hollows of 12.0 mm³ in all.",
        ),
        (
            Finding(
                "fragment",
                (16,),
                None,
                "warning",
                None,
                {"pieces_mm3": [16.3], "count": 16, "largest": 16.3, "away_mm": 16},
            ),
            "Tooth 3 is in 16 pieces; the largest loose one has 16.3 mm³ and lies 16 mm from the middle of the tooth.",
        ),
        (
            Finding("missing_tooth", (31,), None, "warning", "add_tooth", {"between": [32, 41], "about_mm": 31}),
            "Tooth 24 was not found; there is a gap of 31 mm between 23 and 25.",
        ),
        (
            Finding("missing_tooth", (), None, "warning", None, {"name": "scan 16 of 11"}),
            "No tooth was found on 'scan 16 of 11'.",
        ),
        (
            Finding("merged_neighbours", (11, 21), None, "warning", None, {"about_mm2": 21}),
            "Teeth 8 and 9 share an unusually large border (21 mm²): they may be one tooth, or not be separated where "
            "they should be.",
        ),
        (
            Finding("low_confidence", (36,), None, "warning", None, {"percent": 36}),
            "Please check tooth 19 and its number: its score is low (36 %).",
        ),
        (
            Finding(
                "implausible_size",
                (22,),
                None,
                "warning",
                None,
                {"measure": "width", "is_large": True, "about": 22, "usual": 22, "believable": [21, 22]},
            ),
            "The crown of tooth 10 is implausibly large: its width is 22 mm, where 22 mm is usual and 21 to 22 mm are "
            "believable.",
        ),
        (
            Finding("order_broken", (14, 15, 16), None, "warning"),
            "Teeth 5, 4 and 3 do not stand in the order of their numbers.",
        ),
    ],
)
def test_counts_and_measures_that_look_like_teeth_stay(finding: Finding, universal: str) -> None:
    assert finding.say("Universal") == universal


# ---------------------------------------------------------------- the catalogue


def texts(sentence: Sentence) -> set[str]:
    """The templates of a sentence and of those within it."""
    inner = (value for value in sentence.fields.values() if isinstance(value, Sentence))
    return {sentence.text}.union(*map(texts, inner))


def test_the_catalogue_holds_what_the_toys_say_and_nothing_else() -> None:
    """A sentence that no toy calls for would never have been read."""
    said = set().union(*(texts(finding.sentence) for check in checks() for finding in check))
    labels = {kind.label.text for kind in KINDS}
    assert {template.text for template in templates()} == said | labels


def test_a_plural_speaks_of_its_count_or_its_teeth() -> None:
    for template in templates():
        assert template.plural is None or "count" in template.plural or "teeth" in template.plural


# ---------------------------------------------------------------- reports


@every_kind
def test_a_finding_is_read_back_from_a_report(kind: Kind) -> None:
    for finding in found(kind.code):
        again = Finding.from_dict(json.loads(json.dumps(finding.to_dict())))
        assert again.text is None
        assert [again.say(numbering) for numbering in NUMBERINGS] == [finding.say(n) for n in NUMBERINGS]
        assert again.to_dict() == json.loads(json.dumps(finding.to_dict()))
        titles = [repair.title for repair in repairs_for(finding)]
        assert [repair.title for repair in repairs_for(again)] == titles


@every_kind
def test_a_finding_is_as_the_schema_of_the_report_says(kind: Kind) -> None:
    for finding in found(kind.code):
        row = json.loads(json.dumps(finding.to_dict()))
        require_schema(row, SCHEMA_FILE, "it", part="finding")
        known = read_json(SCHEMA_FILE)["definitions"]["finding"]["properties"]["detail"]["properties"]
        assert set(row["detail"]) <= set(known), "add what it says to report.schema.json"


@every_kind
def test_a_finding_of_which_less_was_kept_says_its_stored_words(kind: Kind) -> None:
    """As scenes and other versions keep it: nothing raises, neither its words nor its repairs."""
    for finding in found(kind.code):
        row = json.loads(json.dumps(finding.to_dict()))
        for absent in (*([key] for key in row["detail"]), row["detail"]):
            less = {**row, "detail": {key: value for key, value in row["detail"].items() if key not in absent}}
            again = Finding.from_dict(less)
            assert again.message == row["message"]
            assert all(repair.title for repair in repairs_for(again))


def test_the_keys_of_a_report() -> None:
    (finding, *_) = found("tunnel")
    assert list(finding.to_dict()) == ["code", "teeth", "position_ras", "severity", "message", "repair", "detail"]


@pytest.mark.parametrize("name", ["volume", "jaw"])
def test_reports_of_the_first_version_are_read_word_for_word(name: str) -> None:
    report = json.loads((BEFORE / f"{name}.json").read_text(encoding="utf-8"))
    assert len(report["findings"]) > 5
    for row in report["findings"]:
        finding = Finding.from_dict(row)
        assert finding.message == row["message"]
        assert finding.to_dict() == row
        if finding.repair not in (None, "add_tooth"):
            assert repairs_for(finding)
    read = [Finding.from_dict(row) for row in report["findings"]]
    assert any(finding.text is None for finding in read), "what has all its fields is said in every numbering"
    assert any(finding.text is not None for finding in read)


def test_a_finding_of_a_later_version_keeps_its_words() -> None:
    row = {"code": "caries", "teeth": [16], "severity": "info", "message": "Tooth 16 is dark."}
    finding = Finding.from_dict(row)
    assert finding.say("Universal") == "Tooth 16 is dark."
    assert repairs_for(replace(finding, repair="fill")) == []
    with pytest.raises(KeyError, match="severity"):
        Finding.from_dict({key: value for key, value in row.items() if key != "severity"})


# ---------------------------------------------------------------- repairs


@every_kind
def test_it_proposes_repairs_or_says_that_only_a_person_can_settle_it(kind: Kind) -> None:
    settled = type(kind).repairs is not Kind.repairs
    assert settled == (kind.code in {finding.code for finding in found(kind.code) if repairs_for(finding)})
    for check in checks():
        for finding in (one for one in check if one.code == kind.code):
            repairs = repairs_for(finding, check)
            assert all(isinstance(repair, Repair) for repair in repairs)
            assert [repair.needs_number for repair in repairs] == sorted(repair.needs_number for repair in repairs)
            assert settled or finding.repair in (None, "add_tooth")


# ---------------------------------------------------------------- the registry


def test_every_file_of_the_kinds_is_listed() -> None:
    folder = Path(inspect.getfile(type(KINDS[0]))).parent
    assert {path.stem for path in folder.glob("*.py")} - {"__init__"} == set(CODES)
    assert tuple(kind.code for kind in KINDS) == CODES


@every_kind
def test_a_rule_finds_only_its_own_kind(kind: Kind) -> None:
    tree = ast.parse(inspect.getsource(sys.modules[type(kind).__module__]))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "Finding"]
    assert calls
    assert {ast.unparse(call.args[0]) for call in calls} == {"self.code"}


def test_a_code_is_given_once() -> None:
    with pytest.raises(ValueError, match="tunnel"):
        register(*(kind for kind in KINDS if kind.code == "tunnel"))


def test_both_worlds_are_sorted_alike() -> None:
    assert findings_of.__module__ == check_jaws.__module__ == check_dentition.__module__
    for check in checks():
        assert [CODES.index(f.code) for f in check if f.severity == "warning"] == sorted(
            CODES.index(f.code) for f in check if f.severity == "warning"
        )
