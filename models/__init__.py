"""What Nightlight decides, without a clock, a socket, a disk or a log: time and data are handed in."""
