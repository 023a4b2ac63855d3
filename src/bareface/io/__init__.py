"""Files in and out: safe picture decoding, safe checkpoint loading, atomic writing."""
