"""Finding faces in drawn photos of 640 x 480, one process. MTCNN only where BAREFACE_MTCNN names its weights."""

import os

import cv2
import numpy as np

from bareface.data.synthetic.renderer import Renderer
from bareface.recognition.detection.detector import Detector
from bareface.recognition.detection.haar import HaarCascade
from bareface.recognition.detection.mtcnn import MTCNN
from benchmarks.machine import alternate

PICTURES = 16
Row = dict[str, object]


def measure(rounds: int) -> list[Row]:
    """Pictures a second of each detector, and in how many pictures it finds a face."""
    cv2.setNumThreads(1)
    renderer = Renderer(seed=0, height=480, width=640)
    pictures = [renderer.render(person, 0).image for person in range(PICTURES)]
    detectors: dict[str, Detector] = {"haar": HaarCascade()}
    weights = os.environ.get("BAREFACE_MTCNN")
    if weights is None:
        print("\nmtcnn is left out: set BAREFACE_MTCNN to the folder with pnet.pt, rnet.pt and onet.pt")
    else:
        detectors["mtcnn, faces of 20 pixels"] = MTCNN(weights)
        detectors["mtcnn, faces of 60 pixels"] = MTCNN(weights, min_size=60)

    def every(detector: Detector) -> int:
        return int(np.sum([len(detector.detect(picture)) > 0 for picture in pictures]))

    found = alternate({name: lambda chosen=each: every(chosen) for name, each in detectors.items()}, rounds)
    return [
        {"what": "detection, drawn photos of 640 x 480, one process", "detector": name}
        | {"pictures a second": PICTURES / seconds, f"with a face, of {PICTURES}": every(detectors[name])}
        for name, seconds in found.items()
    ]
