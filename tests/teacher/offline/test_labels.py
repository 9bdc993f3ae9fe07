"""Offline a domain is named where most words speak of it, and of no other."""

import pytest

from astra_data.teacher.asks import ServerCard
from astra_data.teacher.offline.labels import ABOUT_WEIGHT, LEAST_LEAD, LEAST_SHARE, LEAST_TOOLS, domain
from astra_data.teacher.teacher import Abstained
from astra_data.teacher.tool_asks import LabelDomain, ToolName
from astra_data.tools.domains import DOMAINS


def asked(*tools: str, name: str = "it", description: str = "", stated: str | None = None) -> LabelDomain:
    card = ServerCard(name=name, title=name, description=description)
    named = [ToolName(name=tool.split(":")[0], description=tool.split(":")[-1]) for tool in tools]
    return LabelDomain(server=card, tools=named, stated=stated, domains=list(DOMAINS))


def test_tools_that_speak_of_one_field_name_it() -> None:
    label = domain(asked("get_forecast:Forecast of a day.", "get_humidity:How humid it is.", "windSpeed:Speed now."), 0)
    assert label.domain == "weather"
    assert label.reason == "3 of 3 tools speak of it"


@pytest.mark.parametrize(
    ("inputs", "why"),
    [
        (asked("a:Does a thing.", "b:Does another thing."), "only 0 of 2"),
        (asked("forecast:Of a day.", "b:Does another thing.", "c:And one more."), "only 1 of 3"),
        (asked("forecast:A.", "rain:B.", *(f"t{n}:Does it." for n in range(8))), "only 2 of 10"),
        (asked("forecast_flight:A.", "rain_hotel:B."), "about as likely"),
    ],
)
def test_a_guess_is_not_made(inputs: LabelDomain, why: str) -> None:
    assert (LEAST_TOOLS, LEAST_SHARE, LEAST_LEAD) == (2, 0.25, 1.25)
    with pytest.raises(Abstained) as raised:
        domain(inputs, 0)
    assert why in raised.value.reason


def test_what_the_server_says_of_itself_decides_between_two() -> None:
    assert ABOUT_WEIGHT == 2
    tools = ("forecast_flight:A.", "rain_hotel:B.")
    assert domain(asked(*tools, description="Plans a trip."), 0).domain == "travel"
    assert domain(asked(*tools, stated="Weather and climate"), 0).domain == "weather"


def test_only_the_domains_that_are_asked_about_are_named() -> None:
    inputs = asked("get_forecast:Forecast.", "get_rain:Rain.").model_copy(update={"domains": ["travel", "web"]})
    with pytest.raises(Abstained):
        domain(inputs, 0)
