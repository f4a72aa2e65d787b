"""What can go wrong with a place for observations that is another program, over the network."""


class Away(Exception):
    """It does not answer, or not as it should: in its own words."""


class Refused(Exception):
    """It will not take at least one of these observations, and says why."""
