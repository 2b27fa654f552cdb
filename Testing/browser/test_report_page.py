"""The report's page in a real Chromium: nothing is asked of a network, the 3D view draws, what is chosen shows in all
places, paper, phones, keyboards and screen readers."""

from __future__ import annotations

import base64
import io
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from odd_teeth import CASES
from PIL import Image
from scan_files import write_file
from toy_jaws import toy_jaw
from toy_teeth import TEETH, relabel, tidy, volume

from DentalTopoSegLib.files.meshes import write_ply
from DentalTopoSegLib.files.seg_nrrd import write_seg_nrrd
from DentalTopoSegLib.runs.results import export_result, open_result

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright: python -m pip install playwright")
pytest.importorskip("vtkmodules", reason="the 3D view needs VTK: python -m pip install vtk")

#: WebGL without a graphics card.
SOFTWARE_GL = ("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}
DESK = {"viewport": {"width": 1100, "height": 760}}
#: Of a page with two dozen findings, all pictures and surfaces.
MOST_BYTES = 6_000_000


def _launch(session: Any, *arguments: str) -> Any:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("chromium is not installed: apt-get install chromium")
    return session.chromium.launch(executable_path=path, args=list(arguments))


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    with playwright.sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def browser(session: Any) -> Iterator[Any]:
    running = _launch(session, *SOFTWARE_GL)
    yield running
    running.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pages")


@pytest.fixture(scope="module")
def cbct(folder: Path) -> Path:
    """The page of a label map with three findings, on its scan."""
    array = CASES["two tunnels"]()
    z, y, x = np.argwhere(array == 26).mean(0).astype(int)
    array[z : z + 3, y : y + 3, x : x + 2] = 0
    array = relabel(array, {14: 15, 15: 14})
    labels = write_seg_nrrd(volume(array), folder / "cbct_teeth.seg.nrrd", dict.fromkeys(TEETH, 0.9))
    grey = (tidy() > 0) * np.int16(1500) + np.random.default_rng(0).integers(0, 50, tidy().shape, np.int16)
    scan = write_file(volume(grey), folder / "Mustermann.nrrd")
    return export_result(labels, folder / "cbct", "html", scan=scan)[0]["html"]


@pytest.fixture(scope="module")
def jaw(folder: Path) -> Path:
    """The page of an intraoral scan with a finding, in German."""
    toy = toy_jaw("upper")
    drilled = toy.where(toy.near(16, (0, 0, 0), 1.6), 0)
    mesh = folder / "jaw_teeth.ply"
    write_ply(mesh, drilled.vertices, drilled.faces, None, {"fdi": drilled.fdi})
    return export_result(mesh, folder / "jaw", "html", language="de")[0]["html"]


@pytest.fixture
def opened(browser: Any) -> Iterator[Callable[..., Any]]:
    """Opens a page and waits for its 3D view; whatever it asks for, and complains of, is kept in `asked`."""
    contexts = []

    def open_page(path: Path, running: Any = browser, ready: bool = True, **options: Any) -> Any:
        contexts.append(running.new_context(**{**DESK, **options}))
        page = contexts[-1].new_page()
        page.asked = []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("console", lambda message: page.asked.append(message.text))
        page.on("pageerror", lambda error: page.asked.append(str(error)))
        page.goto(path.as_uri())
        if ready:
            page.wait_for_selector("html[data-viewer=ready]", timeout=60_000)
            _settled(page)
        return page

    yield open_page
    for context in contexts:
        context.close()


def _settled(page: Any) -> None:
    """What was asked for is drawn, and the numbers are placed, which comes a moment after the last frame."""
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.wait_for_selector("#stage:not(.moving)", timeout=60_000)


def _seen(page: Any) -> np.ndarray:
    """(h, w, 3) int: what the 3D view has drawn, without numbers, on white."""
    url = page.eval_on_selector("#stage canvas", "canvas => canvas.toDataURL('image/png')")
    drawn = Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2])))
    return _rgb(Image.alpha_composite(Image.new("RGBA", drawn.size, "white"), drawn))


def _rgb(picture: Any) -> np.ndarray:
    return np.asarray(picture.convert("RGB")).astype(int)


def _blue(picture: np.ndarray) -> int:
    """Pixels in the colour of what is chosen."""
    return int((picture[..., 2] > picture[..., 0] + 70).sum())


def _pressed(page: Any, within: str) -> list[int]:
    found = page.eval_on_selector_all(f"{within} button[aria-pressed=true]", "all => all.map(b => b.dataset.tooth)")
    return sorted(int(tooth) for tooth in found if tooth)


# ---------------------------------------------------------------- nothing from outside


@pytest.mark.parametrize("kind", ["cbct", "jaw"])
def test_nothing_is_asked_of_a_network(request: Any, opened: Callable[..., Any], kind: str) -> None:
    path = request.getfixturevalue(kind)
    page = opened(path, offline=True)
    page.locator(".finding").first.click()
    page.locator("[data-view=below]").click()
    _settled(page)
    assert page.asked == [path.as_uri()]
    assert path.stat().st_size < MOST_BYTES


def test_nothing_can_be_asked_of_a_network(cbct: Path, opened: Callable[..., Any]) -> None:
    """Not even by a script that got in: the policy forbids it."""
    page = opened(cbct)
    page.evaluate("refused = []; addEventListener('securitypolicyviolation', e => refused.push(e.effectiveDirective))")
    assert page.evaluate("fetch('https://example.org').then(() => 'asked', () => 'refused')") == "refused"
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.ran=1'}))"
    )
    page.evaluate("new Image().src = 'https://example.org/x.png'")
    assert page.evaluate("window.ran") is None
    page.wait_for_function("refused.length == 3")
    assert sorted(page.evaluate("refused")) == ["connect-src", "img-src", "script-src-elem"]


def test_texts_out_of_files_stay_texts(folder: Path, opened: Callable[..., Any]) -> None:
    from DentalTopoSegLib.reports.page import write_report_html

    evil = "</script><img src=x onerror=window.ran=1><script>window.ran=1</script>"
    report = open_result(folder / "cbct_teeth.seg.nrrd").report | {"name": evil, "warnings": [evil]}
    for finding in report["findings"]:
        finding |= {"message": evil, "detail": {}}
    report["teeth"][0]["name"] = evil
    page = opened(write_report_html(report, folder / "evil.html"), ready=False)
    assert page.title() == f"Teeth of {evil}"
    page.locator(".finding").first.click()
    assert evil in page.locator("#chosen").inner_text()
    assert page.evaluate("window.ran") is None
    assert page.locator("img").count() == 0


def test_the_scans_own_name_is_not_told(cbct: Path) -> None:
    assert "Mustermann" not in cbct.read_text(encoding="utf-8")


# ---------------------------------------------------------------- the 3D view


def test_the_3d_view_shows_the_teeth_from_all_sides(cbct: Path, opened: Callable[..., Any]) -> None:
    page = opened(cbct, reduced_motion="reduce")
    pictures = []
    for view in ("front", "right", "left", "above", "below"):
        page.locator(f"[data-view={view}]").click()
        _settled(page)
        pictures.append(_seen(page))
    # on the screen as in the canvas; teeth are warmer than the paper behind them
    on_screen = _rgb(Image.open(io.BytesIO(page.locator("#stage").screenshot())))
    shares = [float((picture[..., 0] > picture[..., 2] + 4).mean()) for picture in (*pictures, on_screen)]
    assert min(shares) > 0.04
    different = [np.abs(a - b).max(axis=2) > 30 for i, a in enumerate(pictures) for b in pictures[:i]]
    assert min(part.mean() for part in different) > 0.02
    page.locator("[data-switch=upper]").click()
    page.locator("[data-switch=lower]").click()
    _settled(page)
    assert (_seen(page)[..., 0] > _seen(page)[..., 2] + 4).mean() == 0


@pytest.mark.parametrize("kind", ["cbct", "jaw"])
def test_a_tooth_is_chosen_in_the_3d_view(request: Any, opened: Callable[..., Any], kind: str) -> None:
    page = opened(request.getfixturevalue(kind))
    page.locator("[data-view=front]").click()
    page.wait_for_timeout(500)
    _settled(page)
    page.locator("#stage").scroll_into_view_if_needed()
    number = page.locator(".numbers span:visible", has_text="11")
    box = number.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert _pressed(page, ".chart") == [11]
    assert "11" in page.locator("#chosen").inner_text()


@pytest.mark.parametrize("kind", ["cbct", "jaw"])
def test_a_click_on_a_finding_shows_its_teeth_everywhere(request: Any, opened: Callable[..., Any], kind: str) -> None:
    page = opened(request.getfixturevalue(kind))
    assert _blue(_seen(page)) == 0
    for card in page.locator(".finding").all():
        card.locator("h3").click()
        number = int(card.get_attribute("data-finding"))
        teeth = page.evaluate("JSON.parse(document.getElementById('page-data').textContent)")["findings"][number][
            "teeth"
        ]
        assert teeth and _pressed(page, ".chart") == _pressed(page, "tbody") == sorted(teeth)
        rows = page.eval_on_selector_all("tr.chosen", "rows => rows.map(row => Number(row.dataset.tooth))")
        assert sorted(rows) == sorted(teeth)
        page.locator("[data-view=front]").click()
        page.locator("[data-view=below]").click()
        page.wait_for_timeout(500)
        _settled(page)
        assert _blue(_seen(page)) > 100
    page.keyboard.press("Escape")
    _settled(page)
    assert _pressed(page, ".chart") == [] and _blue(_seen(page)) == 0


def test_without_webgl_the_page_says_so_and_the_rest_works(
    cbct: Path, session: Any, opened: Callable[..., Any]
) -> None:
    running = _launch(session, "--disable-3d-apis")
    try:
        page = opened(cbct, running, ready=False)
        page.wait_for_selector("#no-viewer:visible")
        assert not page.locator("#viewer").is_visible()
        page.locator(".finding").first.click()
        assert _pressed(page, ".chart")
    finally:
        running.close()


def test_without_scripts_all_is_there_to_read(cbct: Path, opened: Callable[..., Any]) -> None:
    page = opened(cbct, ready=False, java_script_enabled=False)
    assert page.get_by_text("Scripts are switched off").is_visible()
    assert page.locator("tbody tr").count() == len(TEETH)
    assert page.locator(".wide img").is_visible()


# ---------------------------------------------------------------- paper and phones


@pytest.mark.parametrize("kind", ["cbct", "jaw"])
def test_it_prints_on_a4(request: Any, opened: Callable[..., Any], kind: str) -> None:
    page = opened(request.getfixturevalue(kind))
    paper = page.pdf(format="A4", print_background=True)
    boxes = re.findall(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)", paper)
    assert boxes
    for width, height in boxes:  # 210 x 297 mm in points
        assert (float(width), float(height)) == (pytest.approx(595.3, abs=1), pytest.approx(841.9, abs=1.1))
    assert 2 <= len(re.findall(rb"/Type\s*/Page\b", paper)) <= 6
    still = page.locator("#paper").get_attribute("src")
    assert still.startswith("data:image/png;base64,") and len(still) > 5000  # the 3D view, as it stood
    page.emulate_media(media="print")
    assert page.locator("#paper").is_visible() and not page.locator("#stage").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("kind", ["cbct", "jaw"])
def test_a_phone_shows_it_without_scrolling_aside(request: Any, opened: Callable[..., Any], kind: str) -> None:
    page = opened(request.getfixturevalue(kind), **PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert page.evaluate("innerWidth") == 360
    small = page.evaluate(
        "[...document.querySelectorAll('p, li, td, th, h1, h2, h3, button, figcaption, dd, dt, .number')]"
        ".filter(e => e.offsetParent && parseFloat(getComputedStyle(e).fontSize) < 11).length"
    )
    assert small == 0
    page.locator(".chart button").first.tap()
    assert len(_pressed(page, ".chart")) == 1
    # a finger that moves up and down on the 3D view scrolls the page
    assert page.eval_on_selector("#stage canvas", "canvas => getComputedStyle(canvas).touchAction") == "pan-y"


# ---------------------------------------------------------------- keyboards and screen readers


def test_all_can_be_done_with_the_keyboard(cbct: Path, opened: Callable[..., Any]) -> None:
    page = opened(cbct, reduced_motion="reduce")
    controls = page.eval_on_selector_all(
        "button, #stage, summary, a, .scroll", "all => all.filter(e => e.offsetParent || e.className == 'skip').length"
    )
    reached = set()
    focused = "(() => { const e = document.activeElement; e.dataset.i ??= Math.random(); return e.dataset.i; })()"
    for _ in range(controls):
        page.keyboard.press("Tab")
        reached.add(page.evaluate(focused))
        ringed = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert ringed != "none", page.evaluate("document.activeElement.outerHTML")[:200]
    assert len(reached) == controls
    page.locator(".chart button[data-tooth='16']").focus()
    page.keyboard.press("Enter")
    assert _pressed(page, ".chart") == [16]
    page.keyboard.press("Escape")
    page.locator(".finding button.show").first.focus()
    page.keyboard.press("Space")
    assert _pressed(page, ".chart")
    page.keyboard.press("Escape")
    page.locator("#stage").focus()
    _settled(page)
    pictures = [_seen(page)]
    for key in ("ArrowLeft", "ArrowUp", "+", "Home"):
        page.keyboard.press(key)
        page.wait_for_timeout(50)
        _settled(page)
        pictures.append(_seen(page))
        assert (np.abs(pictures[-1] - pictures[-2]).max(axis=2) > 20).mean() > 0.005, key
    assert np.abs(pictures[-1] - pictures[0]).mean() < 0.5  # Home goes back to where it began


def test_who_wants_no_motion_gets_none(cbct: Path, opened: Callable[..., Any]) -> None:
    page = opened(cbct, reduced_motion="reduce")
    page.locator("[data-view=below]").click()
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    at_once = _seen(page)
    page.wait_for_timeout(600)
    assert (np.abs(at_once - _seen(page)) <= 2).all()


@pytest.mark.parametrize("kind", ["cbct", "jaw"])
@pytest.mark.parametrize("screen", [DESK, PHONE], ids=["desk", "phone"])
def test_axe_finds_no_serious_barrier(request: Any, opened: Callable[..., Any], kind: str, screen: dict) -> None:
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="needs axe: python -m pip install axe-playwright-python"
    ).Axe()
    page = opened(request.getfixturevalue(kind), **screen)
    for chosen in (False, True):
        if chosen:
            page.locator(".finding h3").first.click()
        found = axe.run(page).response["violations"]
        grave = [(one["id"], [node["html"][:120] for node in one["nodes"]][:3]) for one in found]
        assert not grave


def test_the_page_speaks_german(jaw: Path, opened: Callable[..., Any]) -> None:
    page = opened(jaw)
    assert page.get_attribute("html", "lang") == "de"
    assert page.locator("h1").inner_text() == "Zähne von jaw_teeth"
    assert "Zahn 16" in page.locator(".finding h3").inner_text()
    page.locator(".chart button[data-tooth='16']").click()
    assert re.search(r"Zahn 16, .*: Kronenfläche \d+\smm², Breite \d+,\d\smm", page.locator("#chosen").inner_text())
