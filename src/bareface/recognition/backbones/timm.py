"""Any model of timm."""

from typing import Any

import timm
import torch
from torch import Tensor, nn

from bareface.errors import nearest
from bareface.recognition.backbones.checks import check_image, check_side


class TimmBackbone(nn.Module):
    """A model of timm with random weights and without its classifier.

    Args:
        name: Its name, e.g. ``mobilenetv3_small_050``; ``timm.list_models()`` lists them.

    Raises:
        ValueError: No such model (the nearest are named), or one that gives no vector a picture.

    Source: https://huggingface.co/docs/timm
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        if name not in timm.list_models():
            raise ValueError(f"backbone.name={name}: timm has no such model. {nearest(name, timm.list_models())}")
        model: Any = timm.create_model(name, pretrained=False, num_classes=0)
        self.model: nn.Module = model
        made_for: dict[str, Any] = model.pretrained_cfg
        size = made_for["input_size"]
        self.side: int | None = size[-1] if made_for.get("fixed_input_size") else None
        training = self.model.training
        with torch.inference_mode():  # what timm says of the length is not what all of its models give
            shape = self.model.eval()(torch.zeros(1, *size)).shape
        self.model.train(training)
        if len(shape) != 2:
            raise ValueError(f"backbone.name={name}: gives {tuple(shape)} for a picture, expected one vector.")
        self.embedding_size: int = shape[1]

    def forward(self, image: Tensor) -> Tensor:
        """Embeds pictures.

        Args:
            image: (N, 3, H, W) float, normalised; H and W are 16 or more, or what the model was made for if it takes
                nothing else.

        Returns:
            (N, embedding_size) float, not normalised.

        Raises:
            ValueError: Another shape.
        """
        if self.side is None:
            check_image(image)
        else:
            check_side(image, self.side)
        embedding: Tensor = self.model(image)
        return embedding
