"""The stages of a run by the names its progress tells, each with the share of the time it takes."""

from __future__ import annotations

READ = "Reading the scan"
CHECK = "Checking the teeth"
WRITE = "Writing the results"
MAKE_PHANTOM = "Building a phantom scan"

LOAD_NETWORKS = "load the networks"
PREPARE_SCAN = "prepare the scan"
FIND_TEETH = "find the teeth"
DRAW_BORDERS = "draw the borders"
SEPARATE_TEETH = "separate the teeth"
NUMBER_TEETH = "number the teeth"
PLACE_ON_SCAN = "place on the scan"
FIND_STRUCTURES = "find the jaws and canals"
PLACE_STRUCTURES = "place the jaws and canals"

FIND_POSITION_OF_JAW = "Finding the jaw's position"
SAMPLE_JAW = "Sampling the surface"
FIND_TEETH_OF_JAW = "Finding the teeth"
SEPARATE_TEETH_OF_JAW = "Separating the teeth"
DRAW_BORDERS_OF_JAW = "Drawing the borders"
NUMBER_TEETH_OF_JAW = "Numbering the teeth"

LAY_SCANS = "Laying the scans over the CBCT"

#: Seconds per stage of a CBCT on two cores, in the order they come: the means of a phantom of 367 x 333 x 300 voxels of
#: 0.3 mm and a real CBCT of 360 x 360 x 330 of 0.5 mm.
SCAN_SECONDS = {
    READ: 0.5,
    LOAD_NETWORKS: 0.15,
    PREPARE_SCAN: 0.35,
    FIND_TEETH: 1.5,
    FIND_STRUCTURES: 1.0,
    DRAW_BORDERS: 2.5,
    SEPARATE_TEETH: 0.2,
    NUMBER_TEETH: 0.05,
    PLACE_ON_SCAN: 0.4,
    PLACE_STRUCTURES: 0.5,
    CHECK: 0.3,
    WRITE: 0.3,
}
#: Of these, what only a run has that looks for jaws and canals too.
STRUCTURE_STAGES = (FIND_STRUCTURES, PLACE_STRUCTURES)
#: How much longer writing takes with the picture of a CBCT.
PICTURE_SECONDS = 2.0
#: How many times as long the two networks of a CBCT take with test-time augmentation.
TTA_TIMES = 2.0
#: The same of an intraoral scan, the means of two jaws: the stages that each jaw goes through in turn, ...
JAW_SECONDS = {
    FIND_POSITION_OF_JAW: 0.15,
    SAMPLE_JAW: 0.15,
    FIND_TEETH_OF_JAW: 1.2,
    SEPARATE_TEETH_OF_JAW: 0.1,
    DRAW_BORDERS_OF_JAW: 0.1,
    NUMBER_TEETH_OF_JAW: 0.02,
}
#: ... and those around them, which are told for all jaws together.
AROUND_JAWS_SECONDS = {READ: 0.1, CHECK: 0.05, WRITE: 0.4}
#: Laying one jaw's scan over a CBCT and making its teeth.
LAY_SECONDS = 5.0
