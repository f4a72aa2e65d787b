"""What the figures are called where people read them."""

TITLES = {
    "nightlight": "Nightlight",
    "single_timer_hindsight": "best single timer, in hindsight",
    "timer_per_home_hindsight": "best timer per home, in hindsight",
    "hour_of_day_quantile": "hour-of-day quantile",
    "cuddihy_2007": "Cuddihy 2007 line",
    "floeck_litz_profile": "Floeck & Litz profile",
    "isolation_forest": "IsolationForest",
    "bound_hazard_in_sample": "bound: hazard fitted in-sample",
    "bound_clairvoyant": "bound: clairvoyant",
}

KINDS = {
    "active": "while moving about",
    "day": "moving, 07–22 h",
    "night": "moving, 23–06 h",
    "bath": "in the bathroom",
    "bed": "in bed, 22–07 h",
    "time": "at any time at home",
    "limited": "motion goes on in one room",
}


def minutes(entry: object) -> str:
    """A figure as people read it; a day means that nobody was told within one."""
    if not isinstance(entry, int | float):
        return "–"
    return f"{entry:.0f}"


def between(interval: object) -> str:
    """The interval of a figure in brackets, if there is one."""
    if not isinstance(interval, list):
        return ""
    low, high = interval
    return f"[{low:.0f}–{high:.0f}]"
