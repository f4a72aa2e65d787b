from dataclasses import replace
from datetime import timedelta

import pytest

from models.home import Home
from models.people import Address, Level
from models.register import PlanOf, Register, mistakes
from models.response import ResponsePlan, Step
from models.sheet import CONSENTS, CONTACTS, HOMES, PLANS, RESIDENTS, SHEETS, Sheet, differences, read, template


@pytest.mark.parametrize("sheet", SHEETS.values(), ids=SHEETS)
def test_the_template_is_a_file_that_reads_and_makes_a_record(sheet: Sheet) -> None:
    lines, wrong = read(sheet, template(sheet))
    assert wrong == []
    made = sheet.make(lines[0].cells, None)
    given = {one.name: one.example for one in sheet.columns}
    assert {name: cell for name, cell in sheet.cells(made).items() if given[name]} == {
        name: cell for name, cell in given.items() if cell
    }


def test_what_is_on_record_survives_the_way_through_its_cells(cast: Register) -> None:
    for sheet, records in (
        (HOMES, cast.homes),
        (RESIDENTS, cast.residents),
        (CONTACTS, cast.contacts),
        (CONSENTS, cast.consents),
        (PLANS, cast.plans),
    ):
        for record in records:
            cells, wrong = read(sheet, _file(sheet, record))
            assert wrong == []
            assert sheet.make(cells[0].cells, record) == record


def _file(sheet: Sheet, record: object) -> str:
    cells = sheet.cells(record)
    quoted = ",".join('"' + cells[one.name].replace('"', '""') + '"' for one in sheet.columns)
    return ",".join(one.name for one in sheet.columns) + "\n" + quoted + "\n"


def test_every_mistake_of_every_line_is_told_with_its_line_and_column() -> None:
    text = (
        "id;home;name;called;address\n"
        "r_1;h_a;Ann;;1 Row\n"
        '"r 2";h_a;Bo;Bo;"two\nlines"\n'
        "\n"
        "r_3;H A;Cy;Cy;3 Row;more\n"
        "r_4;H A;Di;Di;4 Row\n"
        "r_5;h_a;Ed;Ed;5 Row\n"
        "r_5;h_a;Ed;Ed;5 Row\n"
    )
    _, wrong = read(RESIDENTS, text)
    assert [(one.line, one.column) for one in wrong] == [
        (2, "called"),
        (3, "id"),
        (6, ""),
        (7, "home"),
        (9, "id"),
    ]
    assert "stands on line 8 already" in wrong[-1].text


@pytest.mark.parametrize(
    ("heading", "said"),
    [
        ("id,home,nmae", "no such column"),
        ("id,home,home", "2 times"),
        ("home,name", "missing"),
        ("", "missing"),
        ("\x00", "no such column"),
    ],
)
def test_a_wrong_heading_is_said_and_no_line_is_read(heading: str, said: str) -> None:
    lines, wrong = read(RESIDENTS, f"{heading}\nr_1,h_a,Ann\n")
    assert lines == []
    assert any(said in one.text for one in wrong)
    assert {one.line for one in wrong} == {1}


def test_cells_say_what_they_want() -> None:
    for sheet, cell, said in (
        (HOMES, ("people", "many"), "no whole number"),
        (HOMES, ("people", "99"), "between 1 and 20"),
        (HOMES, ("timezone", "Europe/Lodnon"), "no time zone"),
        (HOMES, ("pets", "perhaps"), "neither yes nor no"),
        (CONTACTS, ("addresses", "ada@example.org"), "no address"),
        (CONTACTS, ("level", "all"), "none of"),
        (CONSENTS, ("given_at", "1.11.2026"), "no date"),
        (PLANS, ("steps", "operator"), "no step"),
        (PLANS, ("steps", "c_ada email soon"), "no step"),
    ):
        keys = [name for name in sheet.keys if name != cell[0]]
        example = {one.name: one.example for one in sheet.columns}
        text = ",".join([*keys, cell[0]]) + "\n" + ",".join([*(example[name] for name in keys), cell[1]]) + "\n"
        _, wrong = read(sheet, text)
        assert [one.column for one in wrong] == [cell[0]]
        assert said in wrong[0].text


def test_a_column_left_out_stays_and_an_empty_cell_empties(cast: Register) -> None:
    grace, ada = cast.residents[0], cast.contacts[0]
    (line,), _ = read(RESIDENTS, "id,risks\nr_okafor,\n")
    assert RESIDENTS.make(line.cells, grace) == replace(grace, risks="")
    (line,), _ = read(CONTACTS, 'id,level,addresses\nc_ada,rooms,"phone: 1; email: a@b.example"\n')
    made = CONTACTS.make(line.cells, ada)
    assert (made.level, made.addresses) == (Level.ROOMS, (Address("phone", "1"), Address("email", "a@b.example")))
    (line,), _ = read(HOMES, "id,quiet_hours\nh_okafor,4.5\n")
    made = HOMES.make(line.cells, cast.homes[0])
    assert isinstance(made, Home)
    assert (made.limits.by_day, made.sensors) == (timedelta(hours=4.5), cast.homes[0].sensors)


def test_steps_are_whom_how_and_when() -> None:
    (line,), wrong = read(PLANS, "resident,kind,steps\nr_okafor,fall,operator log; c_ada email 5\n")
    assert wrong == []
    assert line.cells["steps"] == (Step("operator", "log"), Step("c_ada", "email", timedelta(minutes=5)))


@pytest.mark.parametrize(
    "steps", ["operator log 241", "operator log; c_ada email 241", "resident tel; c_ada email 600"]
)
def test_a_plan_that_reaches_nobody_for_hours_is_refused_by_sheet_and_register(cast: Register, steps: str) -> None:
    (line,), _ = read(PLANS, f"resident,kind,steps\nr_okafor,fall,{steps}\n")
    with pytest.raises(ValueError, match="the plan for 'fall' reaches nobody for"):
        PLANS.make(line.cells, None)
    slow = PlanOf("r_okafor", ResponsePlan("fall", line.cells["steps"]))
    (wrong,) = mistakes(replace(cast, plans=(slow,)))
    assert "r_okafor: the plan for 'fall' reaches nobody for" in wrong
    often = ResponsePlan("fall", (Step("operator", "log"),), repeat=timedelta(days=2))
    assert "2 days" in mistakes(replace(cast, plans=(PlanOf("r_okafor", often),)))[0]


def test_the_log_is_told_which_fields_and_no_value_that_tells_of_a_person(cast: Register) -> None:
    grace, ada = cast.residents[0], cast.contacts[0]
    told = differences(RESIDENTS, grace, replace(grace, phone="01632 960999", medical_notes="Asthma"))
    assert told == ["phone", "medical_notes"]
    assert differences(CONTACTS, ada, replace(ada, level=Level.ROOMS)) == ["level: times → rooms"]
