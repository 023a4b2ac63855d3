"""Pictures to class scores per pixel: networks, losses, metrics and the module that trains them."""
