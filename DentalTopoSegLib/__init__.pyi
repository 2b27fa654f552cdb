"""What is promised, for type checkers and editors; the values come from `__init__.py`."""

from .cbct import Segmentation as Segmentation
from .cbct import segment_volume as segment_volume
from .checks.findings import Finding as Finding
from .checks.repair import Repair as Repair
from .checks.repair import RepairRefusedError as RepairRefusedError
from .errors import Cancelled as Cancelled
from .errors import DentalTopoSegError as DentalTopoSegError
from .errors import InputError as InputError
from .errors import MemoryLimitError as MemoryLimitError
from .errors import ModelError as ModelError
from .errors import NoTeethError as NoTeethError
from .errors import OutputError as OutputError
from .errors import UsageError as UsageError
from .files.meshes import Mesh as Mesh
from .files.meshes import read_mesh as read_mesh
from .files.volumes import Volume as Volume
from .files.volumes import from_numpy as from_numpy
from .files.volumes import read_volume as read_volume
from .files.volumes import to_napari as to_napari
from .ios.segmenting import JawSegmentation as JawSegmentation
from .options import RunOptions as RunOptions
from .runs.public import check as check
from .runs.public import evaluate as evaluate
from .runs.public import export as export
from .runs.public import number_again as number_again
from .runs.public import repair as repair
from .runs.public import segment_jaws as segment_jaws
from .runs.public import segment_scan as segment_scan
from .runs.run import Run as Run

__version__: str
