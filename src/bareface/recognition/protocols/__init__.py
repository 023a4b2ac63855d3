"""What is reported of a recogniser: arrays in, frozen results out. Needs numpy alone."""
