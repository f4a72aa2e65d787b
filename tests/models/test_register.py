import pytest

from models.people import Contact
from models.register import BadRegister, Register, mistakes, read_register, write_register


def test_a_register_goes_there_and_back(cast: Register) -> None:
    assert read_register(write_register(cast)) == cast


def test_every_mistake_is_told_a_line_each(cast: Register) -> None:
    stray = Contact("c_ada", "r_nobody", "Ada", "daughter")
    broken = Register(cast.homes[:1], cast.residents, (*cast.contacts, stray), cast.consents, cast.plans, cast.accounts)
    wrong = mistakes(broken)
    assert "contact c_ada is there 2 times" in wrong
    assert "contact c_ada belongs to r_nobody, which is not on record" in wrong
    assert "resident r_lindqvist belongs to h_lindqvist, which is not on record" in wrong


@pytest.mark.parametrize("content", [b"", b"[]", b'{"homes":[{"id":"h"}]}', b"\xff"])
def test_what_is_no_register_is_refused(content: bytes) -> None:
    with pytest.raises(BadRegister, match="does not read"):
        read_register(content)
