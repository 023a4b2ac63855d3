"""Take the background away, recognise what is left, compare. The only room that knows segmenters and recognisers."""
