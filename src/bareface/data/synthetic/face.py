"""Draws a person: picture and labels together, layer by layer."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from bareface.data.synthetic.identity import Identity

BACKGROUND, FACE, HAIR = 0, 1, 2
Points = NDArray[np.float64]
Colour = NDArray[np.float64]


@dataclass(frozen=True)
class Pose:
    """All of the person that differs between two photos.

    Attributes:
        centre: x, y of the point between the eyes, in canvas pixels.
        scale: Half the width of the face, in canvas pixels.
        yaw: Turn to the side, radians.
        pitch: Nod, radians.
        roll: Tilt, radians.
        smile: -1 sad to 1 happy.
        mouth_open: 0 shut to 1 open.
        eyes_open: 0 shut to 1 open.
        brows: Raise of the brows in face units.
        gaze: Where the pupils look, in eye widths.
        clothes: RGB.
        collar: 0 round neck to 1 wide.
    """

    centre: tuple[float, float]
    scale: float
    yaw: float
    pitch: float
    roll: float
    smile: float
    mouth_open: float
    eyes_open: float
    brows: float
    gaze: float
    clothes: Colour
    collar: float


def draw_pose(rng: np.random.Generator, clothes: np.random.Generator, height: int, width: int) -> Pose:
    """Draws the pose and expression of one photo on a canvas of ``height`` x ``width``."""
    unit = min(height / 218, width / 178)
    return Pose(
        centre=(width * (0.5 + rng.uniform(-0.05, 0.05)), height * (0.5 + rng.uniform(-0.04, 0.03))),
        scale=42 * unit * rng.uniform(0.9, 1.12),
        yaw=float(np.clip(rng.normal(0, 0.17), -0.36, 0.36)),
        pitch=float(np.clip(rng.normal(0, 0.07), -0.16, 0.16)),
        roll=float(np.clip(rng.normal(0, 0.07), -0.2, 0.2)),
        smile=rng.uniform(-0.35, 1),
        mouth_open=max(0.0, rng.uniform(-0.8, 1)),
        eyes_open=rng.uniform(0.65, 1),
        brows=rng.uniform(-0.02, 0.07),
        gaze=rng.uniform(-0.25, 0.25),
        clothes=clothes.uniform(25, 235, 3),
        collar=clothes.uniform(0, 1),
    )


def _smooth(corners: list[tuple[float, float]], closed: bool = True, steps: int = 8) -> Points:
    """A Catmull-Rom curve through the corners."""
    points = np.array(corners, float)
    before, after = np.roll(points, 1, 0), np.roll(points, -1, 0)
    further = np.roll(points, -2, 0)
    if not closed:
        before[0], after[-1], further[-1], further[-2] = points[0], points[-1], points[-1], points[-1]
    t = np.linspace(0, 1, steps, endpoint=False)[None, :, None]
    p0, p1, p2, p3 = (a[:, None] for a in (before, points, after, further))
    curve = 0.5 * (2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2 + (3 * p1 - p0 - 3 * p2 + p3) * t**3)
    return np.asarray(curve.reshape(-1, 2) if closed else curve[:-1].reshape(-1, 2))


def _mirrored(right: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Corners of the right half, top to bottom, to those of the whole outline."""
    return right + [(-x, y) for x, y in reversed(right) if x != 0]


def _ellipse(x: float, y: float, wide: float, tall: float, tilt: float = 0.0, count: int = 24) -> Points:
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    across, along = wide * np.cos(angle), tall * np.sin(angle)
    return np.stack(
        [x + across * np.cos(tilt) - along * np.sin(tilt), y + across * np.sin(tilt) + along * np.cos(tilt)], 1
    )


class Portrait:
    """A canvas that a person is drawn on.

    Args:
        image: (H, W, 3) uint8 RGB, the background; drawn on in place.
        person: Who.
        pose: How.
    """

    def __init__(self, image: NDArray[np.uint8], person: Identity, pose: Pose) -> None:
        self.image, self.person, self.pose = image, person, pose
        self.label = np.zeros(image.shape[:2], np.uint8)
        cos, sin = np.cos(pose.roll), np.sin(pose.roll)
        self._turn = np.array([[cos, -sin], [sin, cos]]) * pose.scale
        self._shift = np.array(pose.centre)

    def _place(self, points: Points, depth: float | Points) -> NDArray[np.int32]:
        """Face units to canvas pixels; ``depth`` is how far in front of the head's axis the points lie."""
        x = points[:, 0] * np.cos(self.pose.yaw) + depth * np.sin(self.pose.yaw)
        y = points[:, 1] * np.cos(self.pose.pitch) + depth * np.sin(self.pose.pitch) * 0.8
        placed = np.stack([x, y], 1) @ self._turn.T + self._shift
        return np.asarray(np.round(placed * 16), np.int32)

    def _surface(self, points: Points) -> Points:
        return 0.85 * np.sqrt(np.clip(1.05 - points[:, 0] ** 2 * 0.9 - (points[:, 1] * 0.55) ** 2, 0.04, None))

    def _fill(self, points: Points, colour: Colour, label: int | None, depth: float | Points = 0.0) -> None:
        """Fills a polygon; ``label`` None leaves the labels as they are."""
        where = [self._place(points, depth)]
        cv2.fillPoly(self.image, where, colour.tolist(), cv2.LINE_8, 4)
        if label is not None:
            cv2.fillPoly(self.label, where, label, cv2.LINE_8, 4)

    def _on_face(self, points: Points, colour: Colour) -> None:
        self._fill(points, colour, None, self._surface(points))

    def _line(self, points: Points, colour: Colour, thick: float, label: int | None = None) -> None:
        where = [self._place(points, self._surface(points))]
        width = max(1, round(thick * self.pose.scale))
        cv2.polylines(self.image, where, False, colour.tolist(), width, cv2.LINE_8, 4)
        if label is not None:
            cv2.polylines(self.label, where, False, label, width, cv2.LINE_8, 4)

    def draw(self) -> None:
        """Draws everything, from back to front."""
        self._hair_behind()
        self._body()
        self._head()
        for side in (-1, 1):
            self._eye(side)
        self._nose()
        self._mouth()
        self._hair_in_front()
        self._glasses()

    def _outline(self) -> Points:
        p = self.person
        return _smooth(
            _mirrored(
                [
                    (0, -p.crown),
                    (0.55 * p.forehead, -0.93 * p.crown),
                    (0.95 * p.forehead, -0.5 * p.crown),
                    (1.0, 0.08),
                    (p.jaw, 0.62 * p.chin),
                    (p.chin_width + 0.14, 0.92 * p.chin),
                    (0, p.chin),
                ]
            )
        )

    def _skull(self, grow: float, bottom: float) -> list[tuple[float, float]]:
        """The right half of the hair's outline, from the crown down to ``bottom``."""
        p, wide = self.person, 1.0 + grow
        return [
            (0, -p.crown - grow * 1.15),
            (0.55 * wide, -0.88 * p.crown - grow * 0.9),
            (0.95 * wide, -0.42 * p.crown - grow * 0.3),
            (1.02 * wide, min(0.1, bottom * 0.4)),
            (1.0 * wide + (0.08 if bottom > 1 else 0), bottom * 0.7),
            (0.8 * wide, bottom),
        ]

    def _curled(self, points: Points) -> Points:
        p = self.person
        if not p.curl:
            return points
        angle = np.arctan2(points[:, 1], points[:, 0])
        return np.asarray(points * (1 + p.curl * np.sin(angle * p.curl_count)[:, None]))

    def _hair_behind(self) -> None:
        p = self.person
        if p.length == "bald":
            return
        bottom = {"short": 0.15, "medium": 1.15, "long": 2.3}[p.length]
        outline = _smooth([*_mirrored(self._skull(p.volume, bottom))])
        self._fill(self._curled(outline), p.hair * 0.78, HAIR, -0.25)

    def _body(self) -> None:
        p, pose = self.person, self.pose
        shadow = p.skin * 0.8
        neck = np.array([(-0.46, 0.6), (0.46, 0.6), (0.52, 2.3), (-0.52, 2.3)])
        self._fill(neck, shadow, BACKGROUND, -0.2)
        top = 1.72 if p.chin < 1.5 else 1.85
        shoulders = [(0, top + 0.35), (0.5 + 0.25 * pose.collar, top), (1.35, top + 0.3), (2.1, top + 0.75), (2.4, 4.5)]
        body = np.array(shoulders + [(-x, y) for x, y in reversed(shoulders[1:])])
        self._fill(body, pose.clothes, BACKGROUND, -0.2)

    def _head(self) -> None:
        p = self.person
        for side in (-1, 1):
            self._fill(_ellipse(side * 1.02, 0.14, p.ears, 0.27), p.skin * 0.9, FACE, -0.05)
        outline = self._outline()
        self._fill(outline, p.skin, FACE, 0.15)
        for side in (-1, 1):
            self._on_face(_ellipse(side * 0.55, 0.5, 0.2, 0.13), p.skin * 0.92 + np.array([20, 2, 2.0]))
        if p.beard:
            self._beard()
        random = np.random.default_rng(p.freckles)
        for _ in range(p.freckles):
            spot = _ellipse(random.uniform(-0.6, 0.6), random.uniform(0.15, 0.6), 0.02, 0.02, count=6)
            self._on_face(spot, p.skin * 0.7)

    def _beard(self) -> None:
        p = self.person
        mouth = p.nose_length + p.mouth_height
        beard = _smooth(
            _mirrored(
                [(0, mouth + 0.16), (0.5, mouth - 0.12), (0.93, 0.3), (p.jaw * 0.985, 0.62 * p.chin),
                 (p.chin_width + 0.13, 0.915 * p.chin), (0, p.chin * 0.99)]
            )
        )  # fmt: skip
        self._fill(beard, p.skin * (1 - p.beard) + p.hair * 0.85 * p.beard, None, 0.15)

    def _eye(self, side: int) -> None:
        p, pose = self.person, self.pose
        x, tilt, size = side * p.eye_distance, side * p.eye_tilt, p.eye_size
        tall = size * 0.58 * pose.eyes_open
        self._on_face(_ellipse(x, 0, size * 1.12, tall * 1.45, tilt), p.skin * 0.84)
        self._on_face(_ellipse(x, 0, size, tall, tilt), np.array([246, 244, 240.0]))
        iris = x + pose.gaze * size
        self._on_face(_ellipse(iris, 0, size * 0.47, min(size * 0.5, tall)), p.iris)
        self._on_face(_ellipse(iris, 0, size * 0.21, min(size * 0.24, tall)), np.array([14, 12, 12.0]))
        self._on_face(_ellipse(iris - 0.03, -0.03, 0.025, 0.025, count=8), np.array([255, 255, 255.0]))
        across = np.linspace(-1, 1, 9)
        lid = np.stack(
            [x + across * size * 1.05, -(tall * (1 - across**2)) + across * side * np.sin(p.eye_tilt) * size], 1
        )
        self._line(lid, np.array([40, 28, 26.0]), 0.035)
        height = -p.brow_height - pose.brows
        brow = np.stack(
            [x + across * size * 1.35, height + 0.07 * across**2 - across * side * p.brow_tilt * size * 2], 1
        )
        self._line(brow, p.hair * 0.75 if p.length != "bald" else p.skin * 0.45, p.brow_thickness)

    def _nose(self) -> None:
        p = self.person
        tip, wide = p.nose_length, p.nose_width
        side = -1 if self.pose.yaw > 0 else 1
        bridge = _smooth([(side * 0.07, 0.02), (side * 0.08, tip * 0.55), (side * wide, tip * 0.92)], closed=False)
        self._line(bridge, p.skin * 0.8, 0.045)
        self._on_face(_ellipse(0, tip * 0.9, wide * 0.8, 0.1), p.skin * 0.95 + 8)
        for nostril in (-1, 1):
            self._on_face(_ellipse(nostril * wide * 0.52, tip, wide * 0.26, 0.035), p.skin * 0.5)

    def _mouth(self) -> None:
        p, pose = self.person, self.pose
        y, wide, curve = p.nose_length + p.mouth_height, p.mouth_width * (1 + 0.18 * pose.smile), 0.13 * pose.smile
        if p.moustache:
            hair = p.skin * 0.3 + p.hair * 0.6
            self._on_face(
                _smooth(_mirrored([(0, y - 0.19), (wide * 0.7, y - 0.15), (wide * 1.15, y), (0, y - 0.06)])), hair
            )
        across = np.linspace(-1, 1, 13)
        middle = y - curve * across**2 + curve * 0.3
        gap = 0.14 * pose.mouth_open * (1 - across**2)
        upper, lower = middle - gap - p.lip * 0.75 * (1 - across**4), middle + gap + p.lip * (1 - across**2)
        line = np.concatenate([np.stack([across * wide, upper], 1), np.stack([across * wide, lower], 1)[::-1]])
        self._on_face(line, p.lip_colour)
        inside = np.concatenate(
            [np.stack([across * wide, middle - gap], 1), np.stack([across * wide, middle + gap], 1)[::-1]]
        )
        if pose.mouth_open > 0.15:
            self._on_face(inside, np.array([82, 26, 30.0]))
            teeth = inside[:13] * [0.8, 1]
            self._on_face(
                np.concatenate([teeth, (teeth + np.array([0, 0.35 * gap.max()]))[::-1]]), np.array([246, 242, 234.0])
            )
        else:
            self._line(np.stack([across * wide, middle], 1), p.lip_colour * 0.55, 0.022)

    def _hair_in_front(self) -> None:
        p = self.person
        if p.length == "bald":
            return
        line, reach = -p.hairline * p.crown, {"short": 0.02, "medium": 0.7, "long": 1.1}[p.length]
        side = 0.86 if p.length == "short" else 0.8
        if p.fringe == "straight":
            inner = [(0.0, -0.42), (0.45, -0.42), (0.74, -0.4), (side, -0.12)]
            inner += [(-x, y) for x, y in inner[1:]]
        elif p.fringe in ("left", "right"):
            sign = 1 if p.fringe == "right" else -1
            inner = [(0.35 * sign, line), (0.02 * sign, -0.55), (-0.5 * sign, -0.38), (-side * sign, -0.1)]
            inner += [(0.7 * sign, line * 0.7), (side * sign, -0.15)]
        else:
            inner = [(0.0, line), (0.5, line * 0.92), (0.76, -0.42), (side, -0.1)]
            inner += [(-x, y) for x, y in inner[1:]]
        right = sorted((c for c in inner if c[0] > 0 or (c[0] == 0)), key=lambda c: c[0])
        left = sorted((c for c in inner if c[0] < 0), key=lambda c: c[0])
        outer = self._skull(p.volume * 0.92, max(reach, 0.2))
        outer = [c for c in outer if c[1] < reach or c[1] <= 0.1]
        outer[-1] = (outer[-1][0], max(reach, 0.05))
        corners = [(-x, y) for x, y in reversed(outer[1:])] + outer
        shape = np.concatenate(
            [self._curled(_smooth(corners, closed=False)), np.array([(side + 0.12, reach)]),
             _smooth([*reversed(right), *reversed(left)], closed=False), np.array([(-side - 0.12, reach)])]
        )  # fmt: skip
        self._fill(shape, p.hair, HAIR, 0.08)

    def _glasses(self) -> None:
        p = self.person
        if p.glasses is None:
            return
        wide, tall = 0.33, 0.27 if p.glasses_round else 0.2
        for side in (-1, 1):
            if p.glasses_round:
                rim = _ellipse(side * p.eye_distance, 0.02, wide * 0.88, tall)
            else:
                rim = np.array(
                    [
                        (side * p.eye_distance + a * wide, 0.03 + b * tall)
                        for a, b in ((-1, -1), (1, -1), (0.85, 1), (-0.85, 1))
                    ]
                )
            self._line(np.concatenate([rim, rim[:1]]), p.glasses, 0.05, FACE)
        self._line(np.array([(-0.14, -0.02), (0.0, -0.06), (0.14, -0.02)]), p.glasses, 0.05, FACE)
