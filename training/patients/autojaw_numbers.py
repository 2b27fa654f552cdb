"""Which tooth is which label of AutoJaw's label maps.

The maps are automatic and their labels numbered in no order. The numbers were read off pictures of every map, by place
in the arch, shape and neighbours (no dentist did), with the patient's right at +x (RAS): against the meshes of three
of these persons in OpenJaw and Open-Full-Jaw the teeth lie 0.3 to 0.8 mm off, 1.1 to 2.3 mm if mirrored. Left out are
labels that are no whole single tooth (two teeth in one, upper and lower stuck together, cut or torn), and p26, whose
teeth Open-Full-Jaw has as clean meshes.
"""

from __future__ import annotations

_READ = {
    "p01": "16:11 18:12 20:13 23:14 24:15 25:17 13:21 11:22 9:23 7:24 3:27 "
    "14:31 12:32 10:33 8:34 6:35 4:36 2:37 15:41 17:43 19:44 21:45",
    "p03": "14:11 12:12 10:13 8:14 7:15 5:16 17:21 19:22 22:23 23:24 25:25 "
    "16:31 18:32 20:33 21:34 15:41 13:42 11:43 9:44 3:47 4:48",
    "p04": "14:11 12:12 10:13 8:14 7:15 4:16 2:17 17:21 20:22 23:23 24:24 26:25 28:26 30:27 "
    "18:31 19:32 21:33 22:34 25:35 27:36 29:37 16:41 15:42 13:43 11:44 9:45 6:46",
    "p06": "17:11 20:12 22:13 24:14 26:15 27:16 29:17 14:21 12:22 10:23 7:24 6:25 4:26 2:27 "
    "15:31 13:32 11:33 9:34 8:35 5:36 3:37 16:41 18:42 19:43 21:44 23:45 25:46 28:47",
    "p07": "15:11 18:12 20:13 22:14 27:15 25:16 13:21 11:22 8:23 6:24 5:25 4:26 2:27 "
    "12:32 10:33 9:34 7:35 3:36 19:43 21:44 24:45",
    "p11": "17:11 20:12 22:13 23:14 26:15 27:16 29:17 14:21 12:22 10:23 8:24 7:25 6:26 3:27 2:28 "
    "16:31 15:32 13:33 11:34 9:35 5:37 4:38 18:41 19:42 21:43 24:44 25:45 28:46 30:47",
    "p12": "16:11 19:12 21:13 24:14 15:21 13:22 10:23 8:24 7:25 4:27 2:28 "
    "12:33 11:34 9:35 6:36 5:37 3:38 17:41 18:42 20:43 22:44 23:45 25:46 28:47 29:48",
    "p14": "16:11 19:12 22:13 24:14 25:15 27:17 14:21 12:22 10:23 8:24 6:25 4:26 3:27 "
    "13:32 11:33 9:34 7:35 5:36 2:37 17:42 18:43 20:44 21:45 23:46 26:47",
    "p15": "19:12 21:13 22:14 25:15 24:16 29:17 13:22 11:23 9:24 8:25 6:26 4:27 3:28 "
    "14:33 12:34 10:35 7:36 5:37 17:41 18:42 20:43 23:44 26:45 27:46 28:47 30:48",
    "p25": "17:11 19:12 21:13 23:14 25:15 27:16 30:17 14:21 12:22 9:23 8:24 7:25 5:26 2:27 "
    "16:31 15:32 13:33 11:34 10:35 6:36 3:37 4:38 18:41 20:42 22:43 24:44 26:45 28:47",
}

AUTOJAW_FDI = {
    patient: {int(label): int(fdi) for label, fdi in (pair.split(":") for pair in text.split())}
    for patient, text in _READ.items()
}
"""Patient -> label -> FDI. Sites where a tooth was lost and the next has moved up go by shape: 37 and 38 of p11, 27 and
28 of p12, 17 of p14, 47 of p25."""
