"""How much of face recognition comes from the face, and how much from what is behind it?"""

__version__ = "0.1.0"
