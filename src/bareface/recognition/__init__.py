"""Pictures to identities: backbones, heads, metrics and the module that trains them."""
