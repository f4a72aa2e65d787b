"""What the demo says of alerts that it reads off the console."""

from simulators.view import Shown


def shown(raised: str) -> Shown:
    text = (
        f"Long in one room, Mary Quill Eastgate · raised {raised} What was noticed In the bathroom since 06:51. More."
    )
    return Shown(4, "h_quill", text)


def test_an_alert_of_the_morning_is_not_said_to_be_raised_only_now() -> None:
    told = shown("07:42").told("Mrs Quill", "09:30")
    assert told == "alert 4 waits since 07:42, when nobody looked, at Mrs Quill's: In the bathroom since 06:51."
    assert shown("09:30").told("Mrs Quill", "09:30").startswith("alert 4 is raised at Mrs Quill's: In the bathroom")
