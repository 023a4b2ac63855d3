"""Any architecture with any encoder of segmentation-models-pytorch."""

import segmentation_models_pytorch as smp
import timm
import torch
from segmentation_models_pytorch.encoders import encoders
from torch import Tensor, nn
from torch.nn import functional as F

from bareface.errors import nearest
from bareface.segmentation.networks.checks import check_classes, check_image

STRIDE = 32
"""The networks of the library want sides that are multiples of it; others are padded, and the scores cut again."""
LEAST = {"pan": 128}
"""Side in pixels below which an architecture cannot compute; smaller pictures are padded too."""
OPTIONS: dict[str, dict[str, bool]] = {"dpt": {"dynamic_img_size": True}}
"""What an architecture must be told so that it takes pictures of any size."""


class SMPNetwork(nn.Module):
    """A network of segmentation-models-pytorch, for pictures of any size.

    Those that pool the whole picture before a batch norm (deeplabv3, deeplabv3plus, pan, upernet) cannot be
    trained on batches of one picture.

    Args:
        classes: Number of classes, background included.
        arch: Its architecture, e.g. ``unetplusplus``, ``deeplabv3plus``, ``pspnet``, ``fpn``, ``segformer``.
        encoder: Its encoder, e.g. ``resnet34``, ``mobilenet_v2``, ``mit_b0``, or ``tu-`` and a name of timm.

    Raises:
        ValueError: Fewer than two classes, an unknown name (the nearest are named), or two that do not go together.

    Source: https://smp.readthedocs.io
    """

    def __init__(self, classes: int, arch: str, encoder: str) -> None:
        super().__init__()
        check_classes(classes)
        archs = smp.MODEL_ARCHITECTURES_MAPPING
        if arch not in archs:
            raise ValueError(f"network.arch={arch}: unknown. {nearest(arch, archs)}")
        if encoder not in encoders and not (encoder.startswith("tu-") and timm.is_model(encoder.removeprefix("tu-"))):
            names = [*encoders, *(f"tu-{name}" for name in timm.list_models())]
            raise ValueError(f"network.encoder={encoder}: unknown. {nearest(encoder, names)}")
        self.encoder_name, self.least = encoder, LEAST.get(arch, STRIDE)
        options = OPTIONS.get(arch, {})
        try:
            with torch.inference_mode(False), torch.enable_grad():
                # Weights are filled in for training alone: a checkpoint brings its own.
                self.model: nn.Module = archs[arch](
                    encoder_name=encoder, encoder_weights=None, classes=classes, **options
                )
                self._drop_unused()
        except (ValueError, TypeError, KeyError, AssertionError, RuntimeError) as error:
            reason = str(error).strip().partition("\n")[0] or type(error).__name__
            raise ValueError(f"network.arch={arch} does not take network.encoder={encoder}: {reason}") from error

    def _drop_unused(self) -> None:
        """Takes out what no score depends on, such as the deep stages of an encoder that the library taps early.

        Several processes that train together wait for the gradient of every parameter.
        """
        self.model.eval()(torch.zeros(1, 3, self.least, self.least)).sum().backward()
        for parent in [module for module in self.model.modules() if any(map(_has_gradient, module.parameters()))]:
            for name, child in list(parent.named_children()):
                own = list(child.parameters())
                if own and not any(map(_has_gradient, own)):
                    setattr(parent, name, nn.Identity())
        self.model.train().zero_grad()

    @property
    def encoder(self) -> nn.Module:
        """The encoder."""
        part = self.model.encoder
        assert isinstance(part, nn.Module)
        return part

    def forward(self, image: Tensor) -> Tensor:
        """Scores every pixel.

        Args:
            image: (N, 3, H, W) float, normalised; H and W are 16 or more and need be no multiple of anything.

        Returns:
            (N, classes, H, W) logits.

        Raises:
            ValueError: Another shape.
        """
        check_image(image)
        height, width = image.shape[-2:]
        right = max(width + -width % STRIDE, self.least) - width
        below = max(height + -height % STRIDE, self.least) - height
        logits: Tensor = self.model(F.pad(image, (0, right, 0, below), mode="replicate"))
        return logits[..., :height, :width]


def _has_gradient(parameter: nn.Parameter) -> bool:
    return parameter.grad is not None
