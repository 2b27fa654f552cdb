"""The languages that are shipped: every text with its fields, every sentence can be said, and the panel speaks them."""

from __future__ import annotations

import re
import string

import pytest
import stand_ins
import translations
from gui_steps import addDentition

from DentalTopoSegLib.dentition.words import DECIMAL_MARK, Sentence, fields_of

LANGUAGES = sorted(path.stem.removeprefix("DentalTopoSeg_") for path in translations.SOURCES.glob("*.ts"))
#: Of the languages that are kept up; a text without a translation is shown in English.
KEPT_UP, COVERAGE = ("de", "fr"), 0.95
#: One value for every format that a field may have.
SAMPLES = {"tooth": 16, "teeth": (16, 17), "Teeth": (16, 17), "numbers": (16, 17), "words": "upper", "clause": "upper"}


def _translated(language: str) -> dict[tuple[str, str], str]:
    return translations.read_ts(translations.SOURCES / f"DentalTopoSeg_{language}.ts")


class Words:
    """The library's words of a language, from its .ts file."""

    def __init__(self, language: str) -> None:
        self._texts = {
            source: said
            for (context, source), said in _translated(language).items()
            if context == translations.LIBRARY_CONTEXT
        }

    def gettext(self, message: str, /) -> str:
        return self._texts.get(message, message)

    def ngettext(self, one: str, several: str, count: int, /) -> str:
        return self.gettext(one if count == 1 else several)


def _sample(template: str) -> dict[str, object]:
    """A value for every field of a template."""
    fields: dict[str, object] = {}
    for _, name, spec, _ in string.Formatter().parse(template):
        if name is None:
            continue
        bare = re.split(r"[.\[]", name)[0]
        fields[bare] = (16, 17) if "[" in name else SAMPLES.get(spec or "", 3.25 if spec else 4)
    return fields


def test_unfinished_texts_and_lost_ones(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(translations, "SOURCES", tmp_path)
    path = translations.update("xx")
    assert translations.read_ts(path) == {}
    known = translations.messages()
    gone = translations.Message("gone", "gone")
    translations.write_ts(path, "xx", [*known, gone], lambda one: f"xx {one.source}")
    assert len(translations.read_ts(path)) == len(known) + 1
    translations.update("xx")
    assert translations.read_ts(path) == {(one.context, one.source): f"xx {one.source}" for one in known}
    assert translations.untranslated(path) == []
    translations.write_ts(path, "xx", known, lambda one: None if one == known[0] else one.source)
    assert translations.untranslated(path) == [known[0]]


@pytest.mark.parametrize("language", KEPT_UP)
def test_nearly_all_texts_are_translated(language) -> None:
    missing = translations.untranslated(translations.SOURCES / f"DentalTopoSeg_{language}.ts")
    assert len(missing) <= (1 - COVERAGE) * len(translations.messages()), missing


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_keeps_the_fields_and_is_compiled(language, slicer) -> None:
    import qt

    translator = qt.QTranslator()
    assert translator.load(str(translations.COMPILED / f"DentalTopoSeg_{language}.qm")), "run translations.py compile"
    for (context, source), said in _translated(language).items():
        assert said.strip(), source
        assert fields_of(source) == fields_of(said), source
        assert translator.translate(context, source) == said, "run translations.py compile"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_can_be_said(language) -> None:
    words = Words(language)
    for one in translations.messages():
        if one.context == translations.LIBRARY_CONTEXT:
            fields = _sample(one.source)
            plural = one.source if "count" in fields else None
            said = Sentence(one.source, plural=plural, **fields).say("Universal", words)
            assert said and "{" not in said, one.source
        elif fields_of(one.source):
            text = _translated(language).get((one.context, one.source), one.source)
            assert text.format(**_sample(one.source)), one.source


SAID = {
    "de": (
        "Zahn 16 besteht aus zwei Teilen; das größte lose hat 1,5 mm³ und liegt 4 mm von der Zahnmitte entfernt.",
        "Die Zähne 14, 15 und 16 wurden nicht gefunden.",
        "Wählen Sie zuerst eine Nummer: Zahn 16 eine andere Nummer geben.",
    ),
    "fr": (
        "La dent 16 est en deux morceaux\u00a0; le plus grand détaché mesure 1,5 mm³ et se trouve à 4 mm du milieu "
        "de la dent.",
        "Les dents 14, 15 et 16 n'ont pas été trouvées.",
        "Choisissez d'abord un numéro\u00a0: donner un autre numéro à la dent 16.",
    ),
}


@pytest.mark.parametrize("language", sorted(SAID))
def test_the_words_of_dentists(language) -> None:
    from DentalTopoSegLib.checks.findings import Finding
    from DentalTopoSegLib.checks.repair import renumber

    words = Words(language)
    detail = {"count": 2, "pieces_mm3": [1.5], "largest": 1.5, "away_mm": 4}
    pieces = Finding("fragment", (16,), None, "error", None, detail)
    missing = Finding("missing_tooth", (14, 15, 16), None, "info")
    refusal = Sentence("Choose a number first: {what:clause}.", what=renumber(16).sentence)
    assert tuple(one.say(language=words) for one in (pieces, missing, refusal)) == SAID[language]
    assert words.gettext(DECIMAL_MARK) == ","


# ---------------------------------------------------------------- the panel in these languages


@pytest.fixture(params=LANGUAGES)
def abroad(request, slicer, module, scene, dentition, phantom):
    """The panel in a shipped language, with a result that has findings."""
    slicer.app.language = f"{request.param}_XX"  # Slicer's names of languages have a country
    slicer.app.loadTranslations(str(translations.COMPILED))
    widget = stand_ins.openPanel(module)
    widget.parent.setFixedWidth(480)
    widget.parent.show()
    widget.ui.resultSelector.setCurrentNode(addDentition(scene, dentition, phantom))
    assert widget.reviewPanel.review is not None
    yield widget, request.param
    widget.cleanup()
    widget.parent.close()
    widget.parent.deleteLater()
    slicer.app.unloadTranslations()


def test_nothing_that_is_translated_is_shown_in_english(abroad) -> None:
    from test_panel_words import shownTexts

    panel, language = abroad
    known = _translated(language)
    same = set(known.values())
    english = {source for (_, source), said in known.items() if said != source} - same
    shown = shownTexts(panel)
    assert not shown & english
    assert shown & same


def test_no_text_is_cut_off(abroad) -> None:
    import qt

    panel, _ = abroad
    sections = [name for name in vars(panel.ui) if name.endswith("CollapsibleButton")]
    assert len(sections) > 3
    for name in sections:
        getattr(panel.ui, name).collapsed = False
    qt.QApplication.processEvents()
    cut = []
    for kind in (qt.QPushButton, qt.QCheckBox, qt.QLabel, qt.QToolButton):
        for widget in panel.parent.findChildren(kind):
            narrow = widget.visible and widget.text and widget.width < widget.sizeHint.width()
            if narrow and not widget.objectName.startswith("tooth") and not getattr(widget, "wordWrap", False):
                cut.append((widget.objectName, widget.text, widget.width, widget.sizeHint.width()))
    assert cut == []
