"""Every finding in plain words: what was expected, what was observed, how healthy the sensors are, what clears it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from models import faults
from models.detection import OF_THE_HEARTBEAT, SEATED, Finding, FindingKind
from models.detection.batch import utc
from models.detection.coldstart import BY_OTHERS, known_by
from models.home import Home, Sensor
from models.observation import SensorKind


@dataclass(frozen=True, slots=True)
class Explanation:
    """Four short sentences; `sentence` joins them."""

    observed: str
    expected: str
    health: str
    clears: str

    @property
    def sentence(self) -> str:
        return " ".join(part for part in (self.observed, self.expected, self.health, self.clears) if part)


def explain(finding: Finding, home: Home) -> Explanation:
    """In the home's local time."""
    said = _ENDED.get(finding.kind, _press) if finding.over else _BEGAN[finding.kind]
    return said(finding, home)


def lasting(seconds: float) -> str:
    """A length of time as people say it: '45 s', '12 min', '2 h 10 min', '3 days'."""
    minutes = int(seconds // 60)
    if minutes < 1:
        return f"{int(seconds)} s"
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"
    return f"{minutes // 1440} days"


def _press(finding: Finding, home: Home) -> Explanation:
    late = float(finding.evidence.get("late_by") or 0)
    where = _where(finding.sensor, home)
    delayed = f" It reached us {lasting(late)} late." if late > 30 else ""
    return Explanation(
        f"Help was called for with the {where} at {_clock(finding.since, finding, home)}.{delayed}",
        "",
        "",
        "Speak with the resident before closing.",
    )


def _fall(finding: Finding, home: Home) -> Explanation:
    said, at = finding.evidence, _clock(finding.since, finding, home)
    rooms, place = str(said.get("rooms") or "").replace("_", " "), str(said.get("place") or "").replace("_", " ")
    first = f"A fall may have been felt by the {_where(finding.sensor, home)} at {at}"
    felt = f"{first}{_blow(finding)}"
    last = f" The last sign of life before was in the {place}." if place else ""
    scored = _share(said.get("chance"))
    low = f"A soft fall at {at} scored low ({scored})"
    nobody = f"seen since only in the {rooms}" if rooms else "nobody noticed anywhere since"
    last += _chair(finding, home)
    observed = {
        "felt": f"{felt}, and was not called off.{_delayed(finding)}",
        "walked": f"{felt}. It was called off by somebody walking about, who may be another than the wearer.",
        "held": f"{felt}. It was less sure than this pendant has to be, so nobody is called unless silence follows.",
        "unlikely": f"{low}; {nobody}.{last}",
        "doubted": f"A fall at {at} was less sure ({scored}) than this pendant has to be; {nobody}.{last}",
        "called_off": f"A fall felt at {at} was called off with a press; {nobody}.{last}",
        "still": f"No sign of life in any room since the fall at {at}.{last}",
        "one_room": f"Since the fall at {at} there were signs of life only in the {rooms}.{_chair(finding, home)}",
        "others": f"Movement since the fall at {at}: {rooms or 'bed'}. It may be another person's: it clears nothing.",
        "elsewhere": f"Movement since the fall at {at}: {rooms or 'other rooms'}. Perhaps up again.",
        "in_bed": f"Lay down in bed after the fall at {at}.",
        SEATED: f"{_seat(finding, home)} {_SPEAKS_AGAINST}".lstrip(),
    }[_stage(finding)]
    return Explanation(observed, "", _surely(finding), "Only a person closes it: speak with the resident.")


_SPEAKS_AGAINST = "That speaks against lying on the floor, but a mat may stick: it clears nothing."


def _chair(finding: Finding, home: Home) -> str:
    """What a chair says of a fall, as a sentence that follows others."""
    rose = finding.evidence.get("rose")
    said = f"Somebody had just got up from the {_where(rose, home)}." if rose else _seat(finding, home)
    return f" {said}" if said else ""


def _seat(finding: Finding, home: Home) -> str:
    taken, since = finding.evidence.get("seat"), _number(finding, "sat_at")
    if not taken or since is None:
        return ""
    return f"By the {_where(taken, home)} somebody has sat in it since {_clock(utc(since), finding, home)}."


def _asleep(finding: Finding, home: Home) -> str:
    said = _seat(finding, home)
    return f" {said} Whoever sits may be asleep, but a mat may stick: nobody waits longer for it." if said else ""


def _stage(finding: Finding) -> str:
    return str(finding.evidence.get("stage") or ("elsewhere" if finding.over else "felt"))


def _blow(finding: Finding) -> str:
    """What the pendant felt, as far as it says."""
    said = finding.evidence
    parts = (
        ("peak_g", "a blow of {:.1f} g"),
        ("tilt_deg", "then tilted by {:.0f}° from before"),
        ("still_s", "still for {:.0f} of the seconds after"),
    )
    felt = [words.format(float(said[name] or 0)) for name, words in parts if said.get(name) is not None]
    return f": {', '.join(felt)}" if felt else ""


def _delayed(finding: Finding) -> str:
    late = float(finding.evidence.get("late_by") or 0)
    return f" It reached us {lasting(late)} after." if late > 60 else ""


def _surely(finding: Finding) -> str:
    """One confidence, and where it comes from."""
    sure, chance = finding.evidence.get("confidence"), finding.evidence.get("chance")
    if _stage(finding) == "felt":
        return f"Confidence {_share(sure)}, by the pendant alone, which was taught with acted falls."
    return f"Confidence now {_share(sure)}; by the pendant alone it was {_share(chance)}."


def _share(value: object) -> str:
    return f"{100 * float(value):.0f} %" if isinstance(value, int | float) else "unknown"


def _silence(finding: Finding, home: Home) -> Explanation:
    evidence = finding.evidence
    if finding.over:
        return Explanation(
            f"A sign of life at {_clock(finding.at, finding, home)}: {_where(evidence.get('ended_by'), home)}.",
            *[""] * 3,
        )
    last = evidence.get("last_sensor")
    by = f" ({_where(last, home)})" if last else ""
    due = utc(float(evidence.get("expected_by") or 0))
    heard = utc(float(evidence.get("heard_until") or 0))
    return Explanation(
        f"No sign of life since {_clock(finding.since, finding, home)}{by}.{_asleep(finding, home)}",
        f"One was expected by {_clock(due, finding, home)}{_rarity(finding)}.",
        f"The kit was heard until {_clock(heard, finding, home)}, with {evidence.get('sensors_heard')} of"
        f" {evidence.get('sensors')} sensors reporting.{_late_sensors(finding, home)}{_others_there(finding, home)}",
        "Any movement, a door or a press would clear it.",
    )


def _late_sensors(finding: Finding, home: Home) -> str:
    late = [_where(sensor, home) for sensor in str(finding.evidence.get("doubted") or "").split()]
    if not late:
        return ""
    return (
        f" Nothing came from the {' and the '.join(late)} for longer than usual, so this silence was given more time."
    )


def _others_there(finding: Finding, home: Home) -> str:
    """Whose the signs of life may be, if not the resident's."""
    said = []
    if company := finding.evidence.get("company_at"):
        until = utc(float(company))
        said.append(f"Somebody else may have been there at {_clock(until, finding, home)}.")
    if home.people > 1:
        said.append(f"{home.people} people live here: a sign of life may be the other's.")
    if home.pets:
        said.append("A pet may set off a sensor.")
    if home.visits:
        said.append("Carers or others come in: a sign of life may be theirs.")
    return "".join(f" {each}" for each in said)


def _kit_unheard(finding: Finding, home: Home) -> Explanation:
    if finding.over:
        return Explanation(f"The kit is heard again, complete up to {_clock(finding.at, finding, home)}.", "", "", "")
    if not finding.evidence.get("ever_heard"):
        return Explanation("The kit has not been heard since this hub began to listen.", *_KIT_HELP)
    why = str(finding.evidence.get("why") or "")
    because = f", because {why}" if why else ""
    since = _clock(finding.since, finding, home)
    return Explanation(f"Nothing is heard from the home since {since}{because}.", *_KIT_HELP)


_KIT_HELP = (
    "A heartbeat is due every minute.",
    "While this lasts we would not notice a fall, and a press may not reach us.",
    "The next heartbeat clears it.",
)


def _sensor_unheard(finding: Finding, home: Home) -> Explanation:
    where = _where(finding.sensor, home)
    if finding.over:
        return Explanation(f"The {where} reports again.", "", "", "")
    limit = timedelta(seconds=float(finding.evidence.get("limit") or 0))
    seen = f"since {_clock(finding.since, finding, home)}" if finding.evidence.get("ever_heard") else "at all"
    return Explanation(
        f"The {where} has not reported {seen}.",
        f"It should at least every {lasting(limit.total_seconds())}.",
        "The kit itself is heard: this is a quiet sensor, not a quiet person.",
        "Its next report clears it.",
    )


def _of_the_heartbeat(finding: Finding, home: Home) -> Explanation:
    where = _where(finding.sensor, home) if home.sensor(finding.sensor or "") else str(finding.sensor or "")
    if finding.over:
        return Explanation(faults.over(finding.kind, where), "", "", "")
    figure = _number(finding, "figure")
    return Explanation(*faults.told(finding.kind, where, _clock(finding.since, finding, home), figure))


def _rarity(finding: Finding) -> str:
    """What the routine says of so long a wait, where one has been learned."""
    chance = float(finding.evidence.get("chance") or 0)
    if not 0 < chance < 1:
        return ""
    known_for = timedelta(days=float(finding.evidence.get("learned_days") or 0))
    by = BY_OTHERS if finding.evidence.get("anew") else known_by(known_for)
    out = ", and may be out" if finding.evidence.get("perhaps_out") else ""
    return f": {by}, a well person is quiet this long after 1 in {about_one_in(chance)} such moments{out}"


def about_one_in(chance: float) -> str:
    """'1,200' of 1 / 1234.5: two digits, for more would claim what nobody knows."""
    return f"{float(f'{1 / chance:.2g}'):,.0f}"


def _over(said: str) -> Callable[[Finding, Home], Explanation]:
    return lambda _finding, _home: Explanation(said, "", "", "")


def _not_back_in_bed(finding: Finding, home: Home) -> Explanation:
    usual, within = _number(finding, "longest_stay"), _number(finding, "back_within")
    known = f" The longest such stay lately was {lasting(usual)}." if usual and usual >= 60 else ""
    expected = f"Whoever is up here at night is back, or in another room, within {lasting(within or 0)}."
    return Explanation(
        f"Out of bed since {_clock(finding.since, finding, home)}, and not back; {_last_seen(finding, home)}.",
        expected + known if within else _NOT_KNOWN,
        _health(finding, home, _is_bed),
        "Lying down again, or being up and about in the morning, clears it.",
    )


def _not_in_bed(finding: Finding, home: Home) -> Explanation:
    usual = _hour(finding, "usual_bed")
    return Explanation(
        f"Not in bed by {_clock(finding.at, finding, home)}; {_last_seen(finding, home)}.",
        f"The usual bedtime here is {usual}, by the last weeks." if usual else _NOT_KNOWN,
        _health(finding, home, _is_bed),
        "Lying down, going out, or the morning clears it.",
    )


def _not_up(finding: Finding, home: Home) -> Explanation:
    usual, since = _hour(finding, "usual_up"), _clock(finding.since, finding, home)
    by_mat = finding.evidence.get("mat") == "believed"
    observed = f"In bed since {since}, and not up" if by_mat else f"Seen in no room but the bedroom since {since}"
    expected = f"Up by {usual} as a rule, by {finding.evidence.get('nights')} nights of this home."
    new = "People are up by 11:00 as a rule; this home's own time is not known yet."
    return Explanation(
        f"{observed}, at {_clock(finding.at, finding, home)}.",
        expected if usual else new,
        _health(finding, home, _is_bed if by_mat else _is_bedroom_motion),
        "Getting up, or a sign of life in another room, clears it.",
    )


def _bathroom_trips(finding: Finding, home: Home) -> Explanation:
    trips, usual = _number(finding, "trips"), _number(finding, "usual_trips")
    observed = f"{trips:.0f} trips to the bathroom tonight" if trips else "Many trips to the bathroom tonight"
    return Explanation(
        f"{observed}, the last of them after {_clock(finding.since, finding, home)}.",
        f"{usual:.1f} a night are usual here." if usual is not None else _NOT_KNOWN,
        _health(finding, home, lambda sensor: _is_in(sensor, "bath", "toilet", "shower", "wc")),
        "The morning clears it.",
    )


_MAT = {
    "blinking": ("The bed mat comes and goes within seconds", "Most rests on a bed last longer than half a minute."),
    "stuck": ("The bed mat says that somebody lies on it, while other rooms report", "One can't be in two places."),
    "nobody": ("The bed mat has noticed nobody for three nights", "Somebody sleeps here: other sensors report."),
}


def _bed_mat(finding: Finding, home: Home) -> Explanation:
    told = ("The bed mat can't be believed", "A person changes it a few times a night.")
    observed, expected = _MAT.get(str(finding.evidence.get("mat")), told)
    return Explanation(
        f"{observed}, since {_clock(finding.since, finding, home)}.",
        expected,
        f"Until it is right, getting up is judged by motion, and being in bed not at all.{_unheard(finding, home)}",
        "A mat that rests as a person does clears it.",
    )


def _door_at_night(finding: Finding, home: Home) -> Explanation:
    since = _clock(finding.since, finding, home)
    return Explanation(
        f"The {_door(finding, home)} was opened at {since}.",
        _nights_opened(finding, home),
        _health(finding, home, _is_exit),
        "The morning clears it.",
    )


def _nights_opened(finding: Finding, home: Home) -> str:
    if finding.evidence.get("wanders"):
        return "Somebody here may wander: between 21:00 and 6:00 every opening is told."
    local = finding.since.astimezone(ZoneInfo(home.timezone))
    band = int((local.hour - 23) % 24 // 2)
    share, nights = _number(finding, f"opened_{band}"), finding.evidence.get("nights")
    if share is None or band > 2:
        return _NOT_KNOWN
    often = "hardly ever" if share < 1 else f"in {share:.0f} of 100 nights"
    return f"At this hour it is opened {often}, by {nights} nights of this home."


def _not_back_home(finding: Finding, home: Home) -> Explanation:
    within, longest = _number(finding, "back_within"), _number(finding, "longest_quiet")
    wanders = "Somebody here may wander. " if finding.evidence.get("wanders") else ""
    known = f" The longest of the last weeks was {lasting(longest)}." if longest and longest >= 60 else ""
    expected = f"{wanders}At night one is seen inside within {lasting(within)}.{known}" if within else _NOT_KNOWN
    since = _clock(finding.since, finding, home)
    return Explanation(
        f"The {_door(finding, home)} was used at {since}, and nobody was noticed inside since.",
        expected,
        _health(finding, home, lambda sensor: sensor.kind is SensorKind.MOTION),
        "Any sign of life inside clears it.",
    )


def _door_open(finding: Finding, home: Home) -> Explanation:
    within = _number(finding, "open_for")
    return Explanation(
        f"The {_door(finding, home)} has stood open since {_clock(finding.since, finding, home)}.",
        f"It is shut within {lasting(within)} as a rule." if within else _NOT_KNOWN,
        f"Its sensor has told us of being shut before.{_unheard(finding, home)}",
        "Shutting it clears it.",
    )


def _long_lie(finding: Finding, home: Home) -> Explanation:
    sensor = home.sensor(finding.sensor) if finding.sensor else None
    room = sensor.room.replace("_", " ") if sensor else "one room"
    longest, sure_at = _number(finding, "longest"), _number(finding, "sure_at")
    known = f"Nobody has stayed there longer than {lasting(longest)} in the last weeks." if longest else _NOT_KNOWN
    sure = f" {100 * finding.strength:.0f} in 100 that something is wrong"
    later = utc(sure_at) if sure_at else finding.at
    rising = f"{sure}, and 95 from {_clock(later, finding, home)} on." if later > finding.at else f"{sure}."
    return Explanation(
        f"In the {room} since {_clock(finding.since, finding, home)}, and in no other room.{_asleep(finding, home)}",
        known + (rising if longest else ""),
        _health(finding, home, lambda sensor: sensor.kind is SensorKind.MOTION) + _others_there(finding, home),
        "A sign of life in any other room clears it.",
    )


def _chair_mat(finding: Finding, home: Home, observed: str, expected: str) -> Explanation:
    return Explanation(
        f"{observed}, since {_clock(finding.since, finding, home)}.",
        expected,
        "Until it is right, nothing it says counts, not even as a sign of life.",
        "A mat that is taken and left as a person sits and rises clears it.",
    )


def _flapping(finding: Finding, home: Home) -> Explanation:
    if finding.evidence.get("chair"):
        comes_and_goes = f"{_one_sensor(finding, home)} comes and goes within seconds"
        return _chair_mat(finding, home, comes_and_goes, "Most people sit for longer than half a minute.")
    repeats, who = _number(finding, "repeats"), _one_sensor(finding, home)
    often = f" about {repeats:.0f} times in an hour" if repeats else ""
    return Explanation(
        f"{who} has reported{often} at {_clock(finding.since, finding, home)}, far more than all others.",
        "A person sets off others in between.",
        "It may be faulty, or a pet or a curtain: until it rests, no other conclusion is drawn from it.",
        "Rest, or reports from other sensors, clears it.",
    )


def _stuck(finding: Finding, home: Home) -> Explanation:
    if finding.evidence.get("chair"):
        taken = f"{_one_sensor(finding, home)} says that somebody sits on it, while other rooms report"
        return _chair_mat(finding, home, taken, "One can't be in two places, unless somebody else is there.")
    lasted, who = _number(finding, "steady_for"), _one_sensor(finding, home)
    so_long = f" for {lasting(lasted)}" if lasted else ""
    return Explanation(
        f"{who} has reported without a pause of ten minutes{so_long}, since {_clock(finding.since, finding, home)}.",
        "Whoever sleeps, sits or goes out leaves it alone for a while.",
        "It may be stuck, or see something warm that moves: until it pauses, no other conclusion is drawn from it.",
        "A pause of ten minutes clears it.",
    )


def _mislabelled(finding: Finding, home: Home) -> Explanation:
    openings = _number(finding, "openings")
    often = f"{openings:.0f} times a night" if openings else "many times a night"
    return Explanation(
        f"The {_door(finding, home)} opens {often} between midnight and 5:00, noticed at"
        f" {_clock(finding.since, finding, home)}.",
        "A door that leads out stays shut at night.",
        "It may be an inner door: until it is put right it is taken for one.",
        "Quiet nights clear it.",
    )


@dataclass(frozen=True, slots=True)
class _Change:
    """A slow change in words: `what` has become `how`, in `unit` (with what a value is divided by)."""

    what: str
    how: str
    unit: str

    def __call__(self, finding: Finding, home: Home) -> Explanation:
        recent, known = _number(finding, "recent"), _number(finding, "known")
        if recent is None or known is None:
            figures, expected = "", _NOT_KNOWN
        else:
            figures = f": about {_figure(recent)} {self.unit} over the last two weeks"
            expected = (
                f"It was {_figure(known)} {self.unit} when the home became known, or when a change was last told."
            )
        return Explanation(
            f"{self.how} {self.what}{figures}, noticed on {_day(finding.since, home)}.",
            expected,
            _other_causes(finding, home),
            f"{self.what[0].upper()}{self.what[1:]} as before clears it, or four weeks, when it counts as usual.",
        )


def _other_causes(finding: Finding, home: Home) -> str:
    """What is known of this home that could explain a change as well."""
    evidence = finding.evidence
    added, clocks, away = (_number(finding, name) for name in ("new_sensor", "clocks_changed", "away_days"))
    causes = [
        f"a sensor was added on {_day(utc(added), home)}" if added else "",
        f"the clocks changed on {_day(utc(clocks), home)}" if clocks else "",
        f"nobody was at home on about {away:.0f} days lately" if away and away >= 1 else "",
        f"not heard: {_names(evidence, home)}" if evidence.get("dead") else "",
        f"{home.people} people live here" if home.people > 1 else "",
        "a pet may set off sensors" if home.pets else "",
        "carers or others come in" if home.visits else "",
    ]
    known = "; ".join(cause for cause in causes if cause)
    visitors = "visitors or illness are not known to us"
    return (
        f"This may explain it as well: {known}; {visitors}." if known else f"No other cause is on record; {visitors}."
    )


_NOT_KNOWN = "What is usual here is not known yet."

_BEGAN: dict[FindingKind, Callable[[Finding, Home], Explanation]] = {
    **dict.fromkeys(OF_THE_HEARTBEAT, _of_the_heartbeat),
    FindingKind.PRESS: _press,
    FindingKind.FALL: _fall,
    FindingKind.SILENCE: _silence,
    FindingKind.KIT_UNHEARD: _kit_unheard,
    FindingKind.SENSOR_UNHEARD: _sensor_unheard,
    FindingKind.NOT_BACK_IN_BED: _not_back_in_bed,
    FindingKind.NOT_IN_BED: _not_in_bed,
    FindingKind.NOT_UP: _not_up,
    FindingKind.BATHROOM_TRIPS: _bathroom_trips,
    FindingKind.BED_MAT: _bed_mat,
    FindingKind.DOOR_AT_NIGHT: _door_at_night,
    FindingKind.NOT_BACK_HOME: _not_back_home,
    FindingKind.DOOR_OPEN: _door_open,
    FindingKind.LONG_LIE: _long_lie,
    FindingKind.SENSOR_FLAPPING: _flapping,
    FindingKind.SENSOR_STUCK: _stuck,
    FindingKind.SENSOR_MISLABELLED: _mislabelled,
    FindingKind.LESS_MOVEMENT: _Change("movement", "Less", "signs a day"),
    FindingKind.FEWER_OUTINGS: _Change("outings", "Fewer", "uses of a door that leads out a day"),
    FindingKind.SHORTER_OUTINGS: _Change("outings", "Shorter", "min at a time"),
    FindingKind.MORE_NIGHT_MOVEMENT: _Change("nights", "More restless", "times up a night"),
    FindingKind.BROKEN_SLEEP: _Change("sleep", "More broken", "min up and about a night"),
}

_ENDED: dict[FindingKind, Callable[[Finding, Home], Explanation]] = {
    **dict.fromkeys(OF_THE_HEARTBEAT, _of_the_heartbeat),
    FindingKind.FALL: _fall,
    FindingKind.SILENCE: _silence,
    FindingKind.KIT_UNHEARD: _kit_unheard,
    FindingKind.SENSOR_UNHEARD: _sensor_unheard,
    FindingKind.NOT_BACK_IN_BED: _over("Back in bed, or up for the day."),
    FindingKind.NOT_IN_BED: _over("In bed now, gone out, or the night is over."),
    FindingKind.NOT_UP: _over("Up now, or seen elsewhere."),
    FindingKind.BATHROOM_TRIPS: _over("The night is over."),
    FindingKind.BED_MAT: _over("The bed mat is believed again."),
    FindingKind.DOOR_AT_NIGHT: _over("The night is over."),
    FindingKind.NOT_BACK_HOME: _over("Somebody is inside again, or at the door."),
    FindingKind.DOOR_OPEN: _over("The door is shut."),
    FindingKind.LONG_LIE: _over("Seen in another room."),
    FindingKind.SENSOR_FLAPPING: _over("The sensor rests again, or others report."),
    FindingKind.SENSOR_STUCK: _over("The sensor has paused."),
    FindingKind.SENSOR_MISLABELLED: _over("The door is quiet at night."),
    FindingKind.LESS_MOVEMENT: _over("Movement is as before, or what it has become counts as usual from now on."),
    FindingKind.FEWER_OUTINGS: _over("Outings are as before, or what they have become counts as usual from now on."),
    FindingKind.SHORTER_OUTINGS: _over("Outings are as before, or what they have become counts as usual from now on."),
    FindingKind.MORE_NIGHT_MOVEMENT: _over(
        "Nights are as before, or what they have become counts as usual from now on."
    ),
    FindingKind.BROKEN_SLEEP: _over("Sleep is as before, or what it has become counts as usual from now on."),
}


def _number(finding: Finding, name: str) -> float | None:
    value = finding.evidence.get(name)
    return None if value is None else float(value)


def _hour(finding: Finding, name: str) -> str | None:
    """An hour of the home's own clock: '22:40'."""
    hour = _number(finding, name)
    if hour is None:
        return None
    minutes = round(hour % 24 * 60) % 1440
    return f"{minutes // 60}:{minutes % 60:02}"


def _figure(value: float) -> str:
    return f"{value:.1f}" if value < 10 else f"{value:.0f}"


def _day(at: datetime, home: Home) -> str:
    return f"{at.astimezone(ZoneInfo(home.timezone)):%-d %B}"


def _last_seen(finding: Finding, home: Home) -> str:
    last = _number(finding, "last_sign")
    return f"the last sign of life came at {_clock(utc(last), finding, home)}" if last else "nothing more is known"


def _door(finding: Finding, home: Home) -> str:
    sensor = home.sensor(finding.sensor) if finding.sensor else None
    return _where(finding.sensor, home) if sensor else "door that leads out"


def _one_sensor(finding: Finding, home: Home) -> str:
    return f"The {_where(finding.sensor, home)}" if finding.sensor else "One sensor"


def _is_exit(sensor: Sensor) -> bool:
    return sensor.is_exit


def _is_bed(sensor: Sensor) -> bool:
    return sensor.kind is SensorKind.BED


def _is_in(sensor: Sensor, *words: str) -> bool:
    return any(word in sensor.room.lower() for word in words)


def _is_bedroom_motion(sensor: Sensor) -> bool:
    return sensor.kind is SensorKind.MOTION and _is_in(sensor, "bed")


def _health(finding: Finding, home: Home, leans_on: Callable[[Sensor], bool]) -> str:
    """How far the home is heard, and how many of the sensors that this rests on are."""
    until = _number(finding, "heard_until")
    if until is None:
        return "How far the kit was heard is not on record."
    dead = _dead(finding.evidence)
    mine = [sensor.id for sensor in home.sensors if leans_on(sensor)]
    heard = sum(sensor not in dead for sensor in mine)
    resting = f", with {heard} of {len(mine)} sensors that this rests on" if mine else ""
    return f"The kit was heard until {_clock(utc(until), finding, home)}{resting}.{_doubted(finding)}"


_DOUBTED = {
    FindingKind.BED_MAT: "the bed mat is not believed",
    FindingKind.SENSOR_FLAPPING: "a sensor flaps",
    FindingKind.SENSOR_STUCK: "a sensor never pauses",
    FindingKind.SENSOR_MISLABELLED: "a door is taken for an inner one",
}


def _doubted(finding: Finding) -> str:
    doubts = str(finding.evidence.get("doubtful") or "").split()
    said = ", ".join(_DOUBTED[FindingKind(kind)] for kind in doubts)
    return f" Less sure than usual: {said}." if said else ""


def _dead(evidence: Mapping[str, object]) -> list[str]:
    return str(evidence.get("dead") or "").split()


def _names(evidence: Mapping[str, object], home: Home) -> str:
    return ", ".join(_where(sensor, home) for sensor in _dead(evidence))


def _unheard(finding: Finding, home: Home) -> str:
    names = _names(finding.evidence, home)
    return f" Not heard at present: {names}." if names else ""


def _where(sensor_id: object, home: Home) -> str:
    sensor = home.sensor(str(sensor_id)) if sensor_id else None
    if sensor is None:
        return "a sensor that is not on record"
    kind = sensor.kind.replace("_", " ")
    return kind if sensor.wearer else f"{sensor.room.replace('_', ' ')} {kind}"


def _clock(at: datetime, finding: Finding, home: Home) -> str:
    """The local time; the day where it is not that of the finding; in the hour that comes twice, which of the two."""
    zone = ZoneInfo(home.timezone)
    local = at.astimezone(zone)
    same_day = local.date() == finding.at.astimezone(zone).date()
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    which = f" {local.tzname()}" if twice else ""
    return f"{local:%H:%M}{which}" if same_day else f"{local:%H:%M}{which} on {local:%a %-d %b}"
