"""Pictures of the module at work: `python Testing/gui/screenshots.py -o Resources/Screenshots`.

Drives the real panel on a phantom (or, with --scan FILE, on a scan of your own) and saves every step with the views
beside it. The views are rendered off-screen by trame-slicer from the same scene; they stand where Slicer's would.
`pip install "trame-slicer[standalone]"` brings what it needs.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "helpers"))
import stand_ins
from toy_nnunet import DESCRIPTION, write_network

PANEL_WIDTH, HEIGHT, VIEW, WIDE = 480, 940, (390, 452), (784, 452)
PANORAMIC_TAG = "DentalPanoramic"
#: A network of others for the chooser: it goes by grey values, bone from 650 and teeth from 1350 on.
EXAMPLE = {
    "id": "jaws-and-teeth",
    "orientation": "LPS",
    "labels": {"1": "Jaw bone", "2": "Teeth"},
    "patch": [64, 64, 64],
    "channels": [
        {"name": "CT", "normalisation": "CTNormalization", "mean": 300.0, "std": 7.0, "low": -1000.0, "high": 3000.0}
    ],
    "source": {"name": "", "description": "nothing: an example for this page, which goes by grey values"},
}
LARGEST_BYTES = 290_000
#: Whose distance is shown.
MOLAR = 48
#: A phantom whose result has something to show of every kind.
PHANTOM = {"seed": 2, "missing": None, "fillings": None}


class Views:
    """Three views as in the dental layout, drawn into labels: panoramic above, axial and 3D below."""

    def __init__(self, qt, grid) -> None:
        from trame_slicer.core import SlicerApp
        from trame_slicer.views import DirectViewFactory, ViewLayoutDefinition

        self.qt = qt
        self.app = SlicerApp()
        manager = self.app.view_manager
        manager.register_factory(DirectViewFactory(do_render_offscreen=True))
        panoramic = ViewLayoutDefinition.coronal_view(PANORAMIC_TAG)
        layouts = (panoramic, ViewLayoutDefinition.axial_view(), ViewLayoutDefinition.threed_view())
        self.views = [manager.create_view(layout) for layout in layouts]
        self.labels = []
        for i, (view, size) in enumerate(zip(self.views, (WIDE, VIEW, VIEW), strict=True)):
            view.render_window().SetSize(*size)
            label = qt.QLabel()
            label.setFixedSize(*size)
            grid.addWidget(label, *((0, 0, 1, 2) if i == 0 else (1, i - 1)))
            self.labels.append(label)
        for tag in ("Red", PANORAMIC_TAG):
            view = next(view for view in self.views if getattr(view, "name", "") == tag)
            view._update_slice_size()

    def show(self, volume) -> None:
        """Bring a volume, or what is there, into the middle of the views."""
        if volume is not None:
            self.app.display_manager.show_volume_in_slice_background(volume)
        for view in self.views[1:]:
            view.reset_view()
        for view in self.views:
            if hasattr(view, "_render_manager"):  # a slice view
                self._drawVolumeFirst(view)
            else:  # off-screen, depth peeling swallows what is translucent
                view.renderer().SetUseDepthPeeling(False)

    @staticmethod
    def _drawVolumeFirst(view) -> None:
        """trame-slicer draws in the order in which things came; in Slicer the volume always lies below the teeth."""
        renderer, volume = view.first_renderer(), view._render_manager.image_actor
        props = renderer.GetViewProps()
        others = [prop for i in range(props.GetNumberOfItems()) if (prop := props.GetItemAsObject(i)) is not volume]
        for prop in (volume, *others):
            renderer.RemoveViewProp(prop)
        for prop in (volume, *others):
            renderer.AddViewProp(prop)

    def draw(self) -> None:
        """Render all views into their labels."""
        import numpy as np
        import vtk
        from vtk.util.numpy_support import vtk_to_numpy

        for view, label in zip(self.views, self.labels, strict=True):
            view.render_window().Render()
            grabber = vtk.vtkWindowToImageFilter()
            grabber.SetInput(view.render_window())
            grabber.ReadFrontBufferOff()
            grabber.Update()
            image = grabber.GetOutput()
            width, height, _ = image.GetDimensions()
            pixels = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(height, width, -1)[::-1, :, :3]
            pixels = np.ascontiguousarray(pixels)
            picture = self.qt.QImage(pixels.data, width, height, 3 * width, self.qt.QImage.Format_RGB888)
            label.pixmap = self.qt.QPixmap.fromImage(picture.copy())


class Stage:
    """The window that is photographed: the panel on the left, the views on the right."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        stand_ins.useQt()
        import qt

        self.qt = qt
        qt.QApplication.instance().setStyle("Fusion")
        self.window = qt.QWidget()
        row = qt.QHBoxLayout(self.window)
        place = qt.QWidget()
        grid = qt.QGridLayout(place)
        grid.spacing = 4
        self.views = Views(qt, grid)
        self.slicer = stand_ins.install(self.views.app.scene)
        self.slicer.app.layouts = stand_ins.LayoutManager(self.views.app.scene)
        self.panel = stand_ins.openPanel(stand_ins.loadModule())
        self.panel.parent.setFixedWidth(PANEL_WIDTH)
        self.scroll = scroll = qt.QScrollArea()
        scroll.setWidget(self.panel.parent)
        scroll.widgetResizable = True
        scroll.setFixedWidth(PANEL_WIDTH + 20)
        scroll.horizontalScrollBarPolicy = qt.Qt.ScrollBarAlwaysOff
        row.addWidget(scroll)
        row.addWidget(place)
        self.window.resize(PANEL_WIDTH + 20 + 2 * VIEW[0] + 40, HEIGHT)
        self.window.show()

    def wait(self, until: Callable[[], object], seconds: float = 600) -> None:
        """Let the event loop run until something holds."""
        deadline = time.monotonic() + seconds
        while not until():
            if time.monotonic() > deadline:
                raise TimeoutError("the panel did not get there")
            self.qt.QApplication.processEvents()
            time.sleep(0.01)

    def showBottom(self) -> None:
        """Scroll the panel to its end."""
        for _ in range(5):
            self.qt.QApplication.processEvents()
        bar = self.scroll.verticalScrollBar()
        bar.value = bar.maximum

    def save(self, name: str) -> None:
        """Save the window as it is now, small enough for a repository."""
        for _ in range(5):
            self.qt.QApplication.processEvents()
        self.views.draw()
        self.qt.QApplication.processEvents()
        path = self.folder / f"{name}.png"
        self.window.grab().save(str(path))
        shrink(path)
        print(f"{path} ({path.stat().st_size // 1024} kB)")


def shrink(path: Path) -> None:
    """Save a PNG again, as true to its colours as its size allows."""
    from PIL import Image

    with Image.open(path) as opened:
        picture = opened.convert("RGB")
    palette = picture.quantize(256, kmeans=1)
    for candidate in (picture, picture.quantize(palette=palette), palette):
        candidate.save(path, optimize=True)
        if path.stat().st_size <= LARGEST_BYTES:
            return


def loadScan(stage: Stage, scan: Path | None) -> None:
    """Put the scan, or a phantom, into the scene and choose it."""
    slicer, ui = stage.slicer, stage.panel.ui
    from DentalTopoSegLib.scene.loading import add_volume

    if scan is None:
        from DentalTopoSegLib.phantom import make_phantom

        volume = add_volume(slicer.mrmlScene, make_phantom(**PHANTOM).image, "Phantom")
    else:
        from DentalTopoSegLib import read_volume

        volume = add_volume(slicer.mrmlScene, read_volume(scan)[0], "Scan")
    volume.GetDisplayNode().SetAutoWindowLevel(0)
    volume.GetDisplayNode().SetWindowLevel(3200, 900)
    ui.inputSelector.setCurrentNode(volume)
    stage.views.show(volume)


def photographNetwork(stage: Stage) -> None:
    """A network of others is added, its licence accepted, and its structures shown."""
    qt, panel, ui = stage.qt, stage.panel, stage.panel.ui

    def accept() -> None:
        dialog = qt.QApplication.activeModalWidget()
        dialog.findChild(qt.QCheckBox, "acceptLicenceBox").click()
        dialog.grab().save(str(stage.folder / "10-licence.png"))
        dialog.findChild(qt.QPushButton, "acceptNetworkButton").click()

    example = write_network(stage.folder / "example", {**DESCRIPTION, **EXAMPLE})
    ui.networkCollapsibleButton.collapsed = False
    qt.QTimer.singleShot(200, accept)
    panel.networkPanel.add(str(example))
    shutil.rmtree(example)
    ui.applyButton.click()
    stage.wait(lambda: not panel.logic.isRunning)
    node = stage.slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLSegmentationNode")
    node.GetDisplayNode().SetSegmentOpacity3D("Structure_1", 0.4)
    node.GetDisplayNode().SetOpacity2DFill(0.35)
    stage.views.show(None)
    stage.views.views[0].reset_view()
    stage.save("9-network")


def photograph(stage: Stage) -> None:
    """The journey from the scan to the export, step by step."""
    panel, ui = stage.panel, stage.panel.ui
    stage.save("1-scan")

    ui.applyButton.click()
    stage.wait(lambda: ("left" in ui.progressBar.format and ui.progressBar.value > 350) or not panel.logic.isRunning)
    stage.save("2-running")
    stage.wait(lambda: not panel.logic.isRunning)
    stage.wait(lambda: panel.panoramicPanel.view.drawn)
    stage.views.show(None)
    ui.resultSelector.currentNode().GetDisplayNode().SetOpacity2DFill(0.35)
    stage.save("3-result")

    review = panel.reviewPanel
    key = min((f for f in review.review.findings() if f.repairs), key=lambda f: len(f.teeth)).key
    review.findings.select(key)
    review.onFindingSelected(key)
    stage.save("4-finding")

    review.findings.buttons[key]["repair"].click()
    stage.save("5-repaired")

    fdi = next(f for f in (17, 16, 15) if f in review.review.teeth())
    review.chart.buttons[fdi].click()
    ui.renumberButton.click()
    stage.save("6-renumber")
    ui.renumberButton.click()
    ui.showAllButton.click()

    ui.exportFolderEdit.text = str(stage.folder / "export")
    ui.exportCollapsibleButton.collapsed = False
    ui.exportButton.click()
    stage.wait(lambda: not panel.exportPanel.exporter.isRunning)
    stage.showBottom()
    stage.save("7-export")
    shutil.rmtree(stage.folder / "export")

    ui.exportCollapsibleButton.collapsed = True
    ui.panoramicCollapsibleButton.collapsed = ui.surfacesCollapsibleButton.collapsed = False
    stage.showBottom()
    stage.save("8-panoramic")


def photographDistance(stage: Stage) -> None:
    """A lower third molar and the nerve canal below it, in a phantom into which a canal is drawn."""
    import numpy as np

    from DentalTopoSegLib.phantom import make_phantom
    from DentalTopoSegLib.scene import add_segmentation
    from DentalTopoSegLib.scene.loading import add_volume
    from DentalTopoSegLib.scene.segments import LABELMAP, oriented_image

    slicer, panel = stage.slicer, stage.panel
    phantom = make_phantom(seed=2, missing=(), fillings=0, spacing_mm=0.4)
    labels, matrix = phantom.labels, phantom.labels.index_to_ras_matrix()
    where = labels.index_to_ras(np.moveaxis(np.indices(labels.shape), 0, -1))
    tooth = where[labels.array == MOLAR]
    tip = tooth[tooth[:, 2].argmin()]
    behind = tip[1] - where[..., 1]  # the canal rises to the back, in the curve of the jaw
    way = np.hypot(where[..., 0] - tip[0] + 0.15 * behind, where[..., 2] - tip[2] + 2.4 - 0.012 * behind**2)
    inside = (np.abs(behind) < 24) & (labels.array == 0)
    canal, rim = inside & (way <= 1.5), inside & (way > 1.5) & (way <= 2.0)
    grey = phantom.image.array.copy()
    grey[canal], grey[rim] = 150, np.maximum(grey[rim], 1300)
    volume = add_volume(slicer.mrmlScene, phantom.image.with_array(grey), "Phantom")
    volume.GetDisplayNode().SetAutoWindowLevel(0)
    volume.GetDisplayNode().SetWindowLevel(3200, 900)
    node = add_segmentation(slicer.mrmlScene, labels.array, matrix, "FDI", "Teeth and canal")
    segment = slicer.vtkSegment()
    segment.SetName("right mandibular canal")
    segment.SetColor(1.0, 0.92, 0.36)
    segment.SetLabelValue(1)
    segment.AddRepresentation(LABELMAP, oriented_image(canal.astype(np.uint8), (0, 0, 0), matrix))
    node.GetSegmentation().AddSegment(segment, "canal")
    node.CreateClosedSurfaceRepresentation()
    panel.ui.inputSelector.setCurrentNode(volume)
    panel.ui.resultSelector.setCurrentNode(node)
    stage.views.show(volume)
    node.GetDisplayNode().SetOpacity2DFill(0.35)
    review = panel.reviewPanel
    key = next(f.key for f in review.review.findings() if f.code == "near_canal" and f.teeth == (MOLAR,))
    print(review.review.finding(key).sentence)
    review.findings.select(key)
    review.onFindingSelected(key)
    stage.save("14-distance")


def photographFusion(stage: Stage) -> None:
    """Scans of a phantom's jaws laid over its CBCT; one tooth has another number in the scan."""
    from fusion_scenes import add_cbct, add_numbered_jaw
    from made_scans import make_scan

    from DentalTopoSegLib.phantom import make_phantom

    panel, ui, scene = stage.panel, stage.panel.ui, stage.slicer.mrmlScene
    phantom = make_phantom(7, 0.4, missing=(18, 28, 38, 48), fillings=2, fov_mm=(80, 66, 58))
    volume, teeth = add_cbct(scene, phantom)
    volume.GetDisplayNode().SetAutoWindowLevel(0)
    volume.GetDisplayNode().SetWindowLevel(3200, 900)
    ui.inputSelector.setCurrentNode(volume)
    ui.fusionVolumeSelector.setCurrentNode(volume)
    ui.fusionTeethSelector.setCurrentNode(teeth)
    for jaw, selector in (("upper", ui.fusionUpperSelector), ("lower", ui.fusionLowerSelector)):
        scan = make_scan(phantom, jaw, seed=1, spacing=0.25)
        selector.setCurrentNode(add_numbered_jaw(scene, scan, f"Scan, {jaw} jaw", {17: 18} if jaw == "upper" else {}))
    ui.fusionCollapsibleButton.collapsed = False
    ui.fusionButton.click()
    stage.wait(lambda: not panel.fusionPanel.isRunning)
    stage.wait(lambda: panel.panoramicPanel.view.drawn)
    ui.fusionTable.minimumHeight = 560
    teeth.GetDisplayNode().SetVisibility2D(False)
    stage.views.show(None)
    stage.showBottom()
    stage.save("11-fusion")

    review = panel.reviewPanel
    key = next(f.key for f in review.review.findings() if f.code == "two_numbers")
    review.findings.select(key)
    review.onFindingSelected(key)
    stage.scroll.verticalScrollBar().value = 0
    stage.scroll.ensureWidgetVisible(ui.findingsTable)
    stage.save("12-two-numbers")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for the pictures")
    parser.add_argument("--scan", type=Path, help="a CBCT instead of the phantom")
    parser.add_argument("--network", action="store_true", help="only the chooser of networks")
    parser.add_argument("--distance", action="store_true", help="only a tooth near the nerve canal")
    parser.add_argument("--fusion", action="store_true", help="only the fusion of a CBCT and intraoral scans")
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as networks:
        os.environ["DENTALTOPOSEG_NETWORKS"] = networks
        stage = Stage(arguments.output)
        if arguments.distance:
            photographDistance(stage)
            return
        if arguments.fusion:
            photographFusion(stage)
            return
        loadScan(stage, arguments.scan)
        if not arguments.network:
            photograph(stage)
            stage.slicer.mrmlScene.Clear(False)
            loadScan(stage, arguments.scan)
        photographNetwork(stage)
        stage.slicer.mrmlScene.Clear(False)
        photographFusion(stage)


if __name__ == "__main__":
    main()
