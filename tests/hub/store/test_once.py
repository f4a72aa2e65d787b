from hub.store import Store
from hub.store.once import asking_once
from models.register import Register


def test_a_page_sees_what_was_there_when_it_asked_first(store: Store, register: Register) -> None:
    with asking_once():
        assert store.records.home("okafor-home") is None
        store.records.load(register, {one.login: "-" for one in register.accounts})
        assert store.records.home("okafor-home") is None, "asked once"
        with asking_once():
            assert store.records.home("okafor-home") is None, "of the same page"
        assert store.records.home("next-door") is None, "all is as it was at one moment"
    assert store.records.home("okafor-home"), "the next page asks anew"
