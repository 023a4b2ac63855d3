"""Cutting a window out of every picture of a batch and resizing it, all pictures in two matrix products."""

import torch
from torch import Tensor


def letterbox_box(height: int, width: int, size: int) -> tuple[int, int, int, int]:
    """Where a picture comes to lie when its longest side is resized to ``size`` and the rest padded, centred.

    Returns:
        top, left, height, width in pixels of the (size, size) canvas.

    >>> letterbox_box(218, 178, 320)
    (0, 29, 320, 261)
    """
    scale = size / max(height, width)
    inner_height, inner_width = max(1, round(height * scale)), max(1, round(width * scale))
    return (size - inner_height) // 2, (size - inner_width) // 2, inner_height, inner_width


def _weights(start: Tensor, extent: Tensor, low: Tensor, high: Tensor, inputs: int, outputs: int) -> Tensor:
    """Triangle filter from ``inputs`` source pixels to ``outputs`` pixels, (N, outputs, inputs).

    The filter is as wide as an output pixel where that is wider than a source pixel (no aliasing), and looks at source
    pixels in [low, high) only.
    """
    scale = (extent / outputs)[:, None]
    steps = torch.arange(outputs, device=start.device, dtype=torch.float32) + 0.5
    centre = start[:, None] + steps * scale - 0.5
    inside_centre = centre.clamp(low[:, None], high[:, None] - 1)
    pixel = torch.arange(inputs, device=start.device, dtype=torch.float32)
    distance = (pixel - inside_centre[..., None]).abs() / scale.clamp(min=1)[..., None]
    weight = (1 - distance).clamp(min=0) * ((pixel >= low[:, None, None]) & (pixel < high[:, None, None]))
    return weight / weight.sum(-1, keepdim=True)


def resample(image: Tensor, window: Tensor, content: Tensor, height: int, width: int) -> Tensor:
    """Resizes one window of each picture to ``height`` x ``width``.

    The filter is the anti-aliased bilinear one of ``torchvision.transforms.v2.Resize``, and it never looks beyond the
    picture's content, so the padding of a canvas does not bleed in.

    Args:
        image: (N, C, H, W) floating point.
        window: (N, 4) top, left, height, width in pixels of the canvas; fractions allowed. Where it reaches beyond the
            content, the content's border pixels are repeated.
        content: (N, 4) top, left, height, width of the picture in its canvas.
        height: Rows of the result.
        width: Columns of the result.

    Returns:
        (N, C, height, width) float32.

    Source: the filter of Pillow's ``Image.resize(BILINEAR)``, written as a separable matrix product.
    """
    window, content = window.to(image.device, torch.float32), content.to(image.device, torch.float32)
    top, left, tall, wide = window.unbind(1)
    low_row, low_column, content_height, content_width = content.unbind(1)
    with torch.autocast(image.device.type, enabled=False):  # bf16 would round grey values
        rows = _weights(top, tall, low_row, low_row + content_height, image.shape[2], height)
        columns = _weights(left, wide, low_column, low_column + content_width, image.shape[3], width)
        return rows[:, None] @ image.float() @ columns[:, None].transpose(2, 3)


def centre_window(content: Tensor, shorter: int, crop: int) -> Tensor:
    """The window that "resize the shorter side to ``shorter``, then cut the central ``crop`` square" looks at.

    Args:
        content: (N, 4) top, left, height, width of the picture in its canvas.
        shorter: Length in pixels that the shorter side is resized to.
        crop: Side in pixels of the central square.

    Returns:
        (N, 4) float32 top, left, height, width in pixels of the canvas.
    """
    top, left, height, width = content.float().unbind(1)
    side = torch.minimum(height, width) * (crop / shorter)
    return torch.stack([top + (height - side) / 2, left + (width - side) / 2, side, side], 1)
