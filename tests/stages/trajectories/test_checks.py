"""Each check finds what it is for, and leaves alone what looks like it and is sound [A 21.2]."""

from dataclasses import replace
from typing import Any

import pytest
from scripted import NUMBER, TEXT, calls, card, offered, says, schema

from astra_data.messages import Message, calls_of, tool_result, user
from astra_data.rows.trajectories import CallRecord
from astra_data.stages.trajectories.checks import find

TOOLS = offered(
    card("find_room", "Finds a room.", schema({"city": TEXT})),
    card("get_price", "Price of a room.", schema({"room": TEXT})),
    card("get_prices", "Prices of rooms.", schema({"rooms": {"type": "array", "items": TEXT}})),
    card("book_room", "Books a room.", schema({"room": TEXT}, nights=NUMBER)),
    card("list_bookings", "Lists bookings.", schema()),
)
FIND, PRICE = ("find_room", {"city": "Lyon"}), ("get_price", {"room": "R-417"})
BOOK = ("book_room", {"room": "R-417", "nights": 3})
ASKED = "Find a room in Lyon, tell me what it costs and book it for 3 nights, please."
ROOM, COST, BOOKED = '{"room": "R-417"}', '{"price": 84.5, "currency": "EUR"}', '{"booking": "B-2291", "status": "confirmed"}'
ANSWER = "I booked room R-417 in Lyon for 3 nights at 84.50 a night, 253.50 in all. The booking is B-2291."
EXPECTED = ["find_room", "get_price", "book_room"]
Step = tuple[tuple[str, dict[str, Any]], str]
SOUND: list[Step] = [(FIND, ROOM), (PRICE, COST), (BOOK, BOOKED)]


def talk(*steps: Step, answer: str | None = ANSWER, asked: str = ASKED) -> list[Message]:
    """A conversation of one call a turn, each with its result."""
    messages: list[Message] = [{"role": "system", "content": "Help."}, user(asked)]
    for number, (call, result) in enumerate(steps):
        messages += [calls(call, start=number), tool_result(f"call_{number}", call[0], result)]
    return messages if answer is None else [*messages, says(answer)]


def found(messages: list[Message], reference: list[str] = EXPECTED, **changes: Any) -> list[str]:
    """Names of the checks that find something; `call_1="failed"`, `"injected"` or `"refused"` changes a record."""
    records = [_record(CallRecord(call.id, call.name, True, False, "live"), changes.get(call.id)) for call in calls_of(messages)]
    return [flaw.check for flaw in find(messages, records, TOOLS, reference)]


def _record(record: CallRecord, fate: str | None) -> CallRecord:
    fates = {"failed": {"ok": False}, "injected": {"ok": False, "injected": True}, "refused": {"ok": False, "backend": "none"}}
    return replace(record, **fates[fate]) if fate else record


def test_nothing_is_found_in_sound_work() -> None:
    assert found(talk(*SOUND)) == []


def test_a_flaw_names_its_check_axis_message_and_call() -> None:
    messages = talk(*SOUND, (BOOK, BOOKED), answer=None)
    records = [CallRecord(call.id, call.name, True, False, "live") for call in calls_of(messages)]
    flaws = find(messages, records, TOOLS, EXPECTED)
    assert [(flaw.check, flaw.axis, flaw.message, flaw.call_id) for flaw in flaws] == [
        ("repeated_call", "TC", 8, "call_3"),
        ("no_answer", "FA", 9, None),
    ]


def test_a_call_that_reached_no_tool_is_invalid() -> None:
    assert found(talk(*SOUND), call_1="refused") == ["invalid_call", "ignored_error", "unfinished"]
    assert found(talk(*SOUND), call_1="injected") == []


def test_a_call_without_a_record_is_invalid_and_one_without_a_result_breaks_nothing() -> None:
    messages = [*talk(*SOUND, answer=None), calls(("list_bookings", {}), start=3)]
    assert [flaw.check for flaw in find(messages, [], TOOLS, EXPECTED)][:4] == ["invalid_call"] * 4
    assert found(messages) == ["no_answer"]


AGAIN = (("get_price", {"room": "R-417"}), COST)


@pytest.mark.parametrize(
    ("steps", "changes", "expected"),
    [
        ([*SOUND[:2], AGAIN, SOUND[2]], {}, ["repeated_call"]),
        ([*SOUND, (BOOK, BOOKED)], {}, ["repeated_call"]),
        ([*SOUND[:2], AGAIN, SOUND[2]], {"call_1": "failed"}, []),
        ([*SOUND[:2], AGAIN, SOUND[2]], {"call_1": "injected"}, []),
        ([*SOUND, AGAIN], {}, []),
        ([*SOUND[:2], (PRICE, '{"price": 84.5, "left": 1}'), SOUND[2]], {}, []),
    ],
    ids=["again", "booked twice", "after a failure", "after an injected failure", "after a change", "with another result"],
)
def test_a_repeated_call(steps: list[Step], changes: dict[str, str], expected: list[str]) -> None:
    assert found(talk(*steps), **changes) == expected


def booked(**arguments: Any) -> list[Step]:
    return [*SOUND[:2], (("book_room", {"room": "R-417", **arguments}), BOOKED)]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (booked(room="R-918"), ["fabricated_argument"]),
        (booked(nights=8471), ["fabricated_argument"]),
        (booked(guests=[{"mail": "ann@nowhere.org"}]), ["fabricated_argument"]),
        (booked(options='{"member": "M-77120"}'), ["fabricated_argument"]),
        (booked(total=253.5), []),
        (booked(total=254), []),
        (booked(share=0.845), []),
        (booked(note="A quiet one, away from the lift."), []),
        (booked(options='{"room": "R-417", "nights": 3}'), []),
        (booked(arrival="2027-05-14T15:00:00Z"), []),
        (booked(currency="EUR", limit=50), []),
    ],
)
def test_a_fabricated_argument(steps: list[Step], expected: list[str]) -> None:
    assert found(talk(*steps)) == expected


def test_a_value_may_come_from_an_earlier_result_but_not_from_a_later_one() -> None:
    assert found(talk(SOUND[1], SOUND[0], SOUND[2])) == ["fabricated_argument"]


def test_a_number_in_words_in_another_form_or_in_the_document_is_no_fabrication() -> None:
    asked = "Find a room in Lyon for thirty nights, tell me the price, and book it with 25% discount."
    steps = [*SOUND[:2], (("book_room", {"room": "r417", "nights": 30, "discount": 0.25}), BOOKED)]
    assert found(talk(*steps, asked=asked, answer="Booked R-417 for 30 nights, B-2291, at 84.5, 25% off: 63.38 a night.")) == []


LISTING = (("list_bookings", {}), '{"earlier": ["Nantes", "Brest"]}')


@pytest.mark.parametrize(
    ("steps", "answer", "reference", "expected"),
    [
        ([*SOUND, LISTING], ANSWER, EXPECTED, ["redundant_call"]),
        ([*SOUND, LISTING], f"{ANSWER} You stayed in Nantes before.", EXPECTED, []),
        ([*SOUND, LISTING, (("get_price", {"room": "Nantes"}), '{"price": 60}')], f"{ANSWER} There it is 60.", EXPECTED, []),
        ([LISTING, *SOUND], ANSWER, EXPECTED, []),
        ([*SOUND, LISTING], ANSWER, [], []),
        ([*SOUND, LISTING], ANSWER, [*EXPECTED, "list_bookings"], []),
    ],
    ids=["unused", "told", "taken up", "a look before a change", "nothing expected", "expected"],
)
def test_a_redundant_call(steps: list[Step], answer: str, reference: list[str], expected: list[str]) -> None:
    assert found(talk(*steps, answer=answer), reference) == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (f"{ANSWER} It was 917.30 before.", ["ungrounded_answer"]),
        (f"{ANSWER} Your code is K-88123.", ["ungrounded_answer"]),
        (f"{ANSWER} That is 84.17 per person for the three of you.", ["ungrounded_answer"]),
        (f"{ANSWER} Without the first night it is 169.", []),
        (f"{ANSWER} That is about 250, or 84.5 a night.", []),
        (f"{ANSWER} A third of it is 84,50.", []),
        (f"{ANSWER} See https://rooms.example/R-417 too.", ["invented_url"]),
        ("Voilà, la chambre est réservée pour vous, et je vous souhaite un agréable séjour.", ["wrong_language"]),
        (f"{ANSWER} They say « Bienvenue chez nous » there, which is kind.", []),
        ("", ["no_answer"]),
    ],
)
def test_what_an_answer_holds(answer: str, expected: list[str]) -> None:
    assert found(talk(*SOUND, answer=answer)) == expected


def test_a_url_may_be_cut_or_written_in_another_way() -> None:
    steps = [*SOUND[:2], (BOOK, '{"booking": "B-2291", "page": "www.Rooms.example/b/2291?lang=en"}')]
    assert found(talk(*steps, answer=f"{ANSWER} See https://rooms.example/b/2291.")) == []
    assert found(talk(*steps, answer=f"{ANSWER} See https://rooms.example/b/22.")) == ["invented_url"]


def test_keys_of_a_result_and_a_stray_word_are_no_other_language() -> None:
    steps = [(("find", {"city": "Lyon"}), '{"entities": [], "relations": []}')]
    for answer in ("entities [], relations []", "Find: relations [], entities [] résumé"):
        assert "wrong_language" not in found(talk(*steps, answer=answer))


FRENCH = "Trouve une chambre à Lyon, dis-moi combien elle coûte et réserve-la pour 3 nuits, s'il te plaît."


def test_the_language_is_the_users_and_quotes_do_not_count() -> None:
    answer = "La chambre R-417 est réservée pour 3 nuits à 84,50 la nuit. The status is « confirmed »."
    assert found(talk(*SOUND, asked=FRENCH, answer=answer)) == []
    assert found(talk(*SOUND, asked=FRENCH)) == ["wrong_language"]
    assert found(talk(*SOUND, asked=f"{ASKED} Answer in French.", answer=answer)) == []


REFUSED = "Error: the room is taken on these nights"
OTHER = (("book_room", {"room": "R-417", "nights": 2}), BOOKED)


@pytest.mark.parametrize(
    ("steps", "answer", "changes", "expected"),
    [
        ([*SOUND[:2], (BOOK, REFUSED)], "All is well: R-417 is yours.", {"call_2": "failed"}, ["ignored_error"]),
        ([*SOUND[:2], (BOOK, REFUSED)], "I could not book R-417.", {"call_2": "failed"}, []),
        ([*SOUND[:2], (BOOK, REFUSED)], "The room R-417 is taken on these nights.", {"call_2": "failed"}, []),
        ([*SOUND[:2], (BOOK, REFUSED)], "All is well: R-417 is yours.", {"call_2": "injected"}, []),
        ([*SOUND[:2], (BOOK, REFUSED), OTHER], "Booked R-417 for 2 nights.", {"call_2": "failed"}, []),
        ([SOUND[0], (PRICE, REFUSED), (("get_prices", {"rooms": ["R-417"]}), COST), SOUND[2]], ANSWER, {"call_1": "failed"}, []),
        ([SOUND[0], (PRICE, REFUSED), SOUND[2]], "R-417 is booked: B-2291.", {"call_1": "failed"}, ["ignored_error"]),
    ],
    ids=["ignored", "admitted", "quoted", "injected", "done otherwise", "a workaround", "gone on"],
)
def test_an_ignored_error(steps: list[Step], answer: str, changes: dict[str, str], expected: list[str]) -> None:
    assert found(talk(*steps, answer=answer), **changes) == expected


@pytest.mark.parametrize(
    ("steps", "answer", "changes", "expected"),
    [
        (SOUND[:2], "R-417 costs 84.5.", {}, ["unfinished"]),
        (SOUND[:1], "R-417 is free.", {}, ["unfinished"]),
        (SOUND[:2], "R-417 costs 84.5. Shall I book it?", {}, []),
        ([(FIND, "Error: unavailable")], "I am sorry, I could not find a room.", {"call_0": "injected"}, []),
        ([SOUND[0], (("get_prices", {"rooms": ["R-417"]}), COST)], "R-417 costs 84.5.", {}, []),
    ],
    ids=["one missing", "two missing", "asks", "cannot", "a batch tool"],
)
def test_an_unfinished_task(steps: list[Step], answer: str, changes: dict[str, str], expected: list[str]) -> None:
    assert found(talk(*steps, answer=answer), **changes) == expected


def test_calls_that_share_an_id_are_told_apart() -> None:
    messages = talk(*SOUND, LISTING, answer=f"{ANSWER} You stayed in Nantes before.")
    for message in messages:
        message |= {"tool_call_id": "call"} if message["role"] == "tool" else {}
        for call in message.get("tool_calls") or ():
            call["id"] = "call"
    names = [*EXPECTED, "list_bookings"]
    records = [CallRecord("call", name, True, False, "live") for name in names]
    assert find(messages, records, TOOLS, EXPECTED) == []
    records[1] = replace(records[1], ok=False, backend="none")
    assert [(flaw.check, flaw.message) for flaw in find(messages, records, TOOLS, EXPECTED)][:1] == [("invalid_call", 4)]


@pytest.mark.parametrize("debris", ["Lyon</parameter>\n</function>", "Lyon<|im_end|>", "Lyon\n<parameter=city>", "<tool_call>"])
def test_a_piece_of_a_template_in_an_argument_is_a_flaw_unless_it_was_asked_for(debris: str) -> None:
    steps = [(("find_room", {"city": debris}), ROOM), *SOUND[1:]]
    assert "debris" in found(talk(*steps))
    assert "debris" not in found(talk(*steps, asked=f"{ASKED} The city is called {debris} here."))
