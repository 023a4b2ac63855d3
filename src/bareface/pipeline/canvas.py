"""The square that photos are letterboxed to before they are shown, composed and recognised."""

from collections.abc import Iterator, Mapping, Sequence

from bareface.recognition.recogniser import Recogniser


def canvas_of(given: int | None, recognisers: Mapping[str, Sequence[Recogniser]]) -> int:
    """Side in pixels of the canvas.

    Args:
        given: As the run says; None = the largest that one of the recognisers was trained with.
        recognisers: All seeds of each, by name.

    Raises:
        ValueError: A recogniser wants larger pictures than the canvas has.
    """
    if given is None:
        return max(each.canvas for seeds in recognisers.values() for each in seeds)
    for name, seeds in recognisers.items():
        least = max(each.shorter for each in seeds)  # the crop is never larger than the shorter side
        if given < least:
            own = max(each.canvas for each in seeds)
            rule = f"recogniser {name} resizes the shorter side to {least} pixels: expected at least {least}"
            raise ValueError(f"canvas={given}: {rule}. Leave canvas out, or use its own, {own}.")
    return given


def canvas_notes(canvas: int, recognisers: Mapping[str, Sequence[Recogniser]]) -> Iterator[str]:
    """Which recognisers were trained with another canvas than the study's."""
    for name, seeds in recognisers.items():
        others = sorted({each.canvas for each in seeds} - {canvas})
        if others:
            yield (
                f"{name}: trained with a canvas of {' and '.join(map(str, others))} pixels, shown photos on one of "
                f"{canvas}: its figures can differ from those of its training and of bareface evaluate"
            )
