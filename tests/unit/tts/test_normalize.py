"""What is written, and what is heard."""

from __future__ import annotations

import pytest

from workers.engines.tts.normalize import is_speakable, to_spoken

SPOKEN = [
    # numbers
    ("I have 3 cats.", "I have three cats."),
    (
        "1,234,567 dogs",
        "one million two hundred thirty-four thousand five hundred sixty-seven dogs",
    ),
    ("100,000 characters", "one hundred thousand characters"),
    ("It is 3.14 or -5.", "It is three point one four or minus five."),
    ("half is 0.5", "half is zero point five"),
    ("1/2 cup and 3/4 mile", "one half cup and three quarters mile"),
    ("6.02e23", "six point zero two times ten to the twenty-three"),
    # ordinals
    ("The 1st, 2nd and 23rd.", "The first, second and twenty-third."),
    ("a 3rd-party tool", "a third-party tool"),
    # years
    ("In 1984 it rained.", "In nineteen eighty-four it rained."),
    ("since 2005", "since two thousand five"),
    ("by 1984 and 2024", "by nineteen eighty-four and twenty twenty-four"),
    ("from 1939-1945", "from nineteen thirty-nine to nineteen forty-five"),
    ("in 1066, 1900 and 2010", "in ten sixty-six, nineteen hundred and twenty ten"),
    ("the year 1066", "the year ten sixty-six"),
    ("the 1990s", "the nineteen nineties"),
    ("the '80s", "the nineteen eighties"),
    ("I ate 1984 apples", "I ate one thousand nine hundred eighty-four apples"),
    # money
    ("It costs $3.50.", "It costs three dollars and fifty cents."),
    ("£20 or €5", "twenty pounds or five euros"),
    ("$1", "one dollar"),
    ("a $5M deal", "a five million dollars deal"),
    ("$1.2B", "one point two billion dollars"),
    ("$100k", "one hundred thousand dollars"),
    # units
    ("5 kg of rice", "five kilograms of rice"),
    ("1 km", "one kilometer"),
    ("100 km/h", "one hundred kilometers per hour"),
    ("20°C", "twenty degrees Celsius"),
    ("an 8GB card", "an eight gigabytes card"),
    ("500 ms", "five hundred milliseconds"),
    ("2.4 GHz", "two point four gigahertz"),
    ("10 lbs", "ten pounds"),
    ("5'10\"", "five feet ten inches"),
    # percent
    ("50% of 12.5%", "fifty percent of twelve point five percent"),
    # times
    ("at 3:45 pm", "at three forty-five P M"),
    ("at 10 a.m. sharp", "at ten A M sharp"),
    ("at 14:30", "at fourteen thirty"),
    ("from 9:00", "from nine o’clock"),
    ("10:30:15", "ten hours thirty minutes fifteen seconds"),
    # dates
    ("on 2024-03-15", "on March fifteenth, twenty twenty-four"),
    ("on 03/15/2024", "on March fifteenth, twenty twenty-four"),
    ("on March 3, 2024", "on March third, twenty twenty-four"),
    ("on 3 Jan 2025", "on January third, twenty twenty-five"),
    ("on Jan. 5th", "on January fifth"),
    # abbreviations
    ("Dr. Smith met Mr. Jones", "Doctor Smith met Mister Jones"),
    ("e.g. this, i.e. that", "for example this, that is that"),
    ("cats vs. dogs", "cats versus dogs"),
    ("No. 5 on p. 12", "number five on page twelve"),
    ("Main St. and Park Ave.", "Main Street and Park Avenue"),
    ("St. Mary", "Saint Mary"),
    ("World War II", "World War two"),
    ("Henry VIII", "Henry the eighth"),
    # addresses
    ("See https://www.example.com/docs?page=2.", "See example dot com slash docs."),
    ("go to example.org", "go to example dot org"),
    ("joe.b@example.org", "joe dot b at example dot org"),
    ("192.168.0.1", "one hundred ninety-two dot one hundred sixty-eight dot zero dot one"),
    ("call 555-123-4567", "call five five five, one two three, four five six seven"),
    ("open README.md", "open README dot md"),
    ("version 3.11.2", "version three dot eleven dot two"),
    # symbols
    ("rock & roll", "rock and roll"),
    ("R&D", "R and D"),
    ("2 + 3 = 5", "two plus three equals five"),
    ("x < y", "x is less than y"),
    ("5-10 people", "five to ten people"),
    ("~5 minutes", "about five minutes"),
    ("2x faster", "two times faster"),
    ("C++ and C#", "C plus plus and C sharp"),
    ("@joe #fun #1", "at joe hashtag fun number one"),
    ("and/or", "and or"),
    ("CO2", "C O two"),
    # emoji and signs that are not words
    ("Well done 👍🏽!", "Well done!"),
    ("a ★ b → c", "a b to c"),
    ("Wait… what?", "Wait... what?"),
    ("so [1] it is [2, 3]", "so it is"),
]


@pytest.mark.parametrize(("written", "spoken"), SPOKEN, ids=[pair[0] for pair in SPOKEN])
def test_written_text_becomes_words(written: str, spoken: str) -> None:
    assert to_spoken(written) == spoken


@pytest.mark.parametrize("text", ["...", "👍🎉", "---", "*", "?!", "“”", "  \n "])
def test_signs_alone_are_not_speakable(text: str) -> None:
    assert not is_speakable(to_spoken(text))


def test_other_languages_keep_their_digits() -> None:
    assert to_spoken("Es kostet 5 € 🎉", "de") == "Es kostet 5 €"


@pytest.mark.parametrize("text", ["*" * 5000, "$" * 5000, "1." * 2500, "a@" * 2500, "((" * 2500])
def test_repeated_signs_do_not_stall(text: str) -> None:
    to_spoken(text)
