"""The embedded data: drawn people with exact masks, written in the layouts of real data sets."""
