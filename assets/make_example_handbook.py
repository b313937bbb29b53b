"""Write the example document of the RAG tab: `python assets/make_example_handbook.py`."""

from __future__ import annotations

import datetime
from pathlib import Path

from fpdf import FPDF

TITLE = "Gull Rock Lighthouse: handbook for visitors and volunteers"
PAGES = (
    (
        "Welcome",
        "Gull Rock Lighthouse stands on a small island four kilometres off the coast. It has guided ships since 1871 and is looked after by volunteers today. This handbook tells you how to get here, what you may see, and what to do when something goes wrong.",
    ),
    (
        "Getting here",
        "The boat Petrel leaves the old harbour every day at nine, at noon and at three in the afternoon. The last boat back to the mainland leaves the island at half past five. In winter, from November to March, there is only the boat at noon. Tickets are sold at the yellow kiosk.",
    ),
    (
        "Opening hours and prices",
        "The tower is open from April to October, every day except Monday. Adults pay eight crowns, students five, and children under ten nothing. The garden is always open and costs nothing.",
    ),
    (
        "The tower",
        "The tower is 41 metres high. A spiral stair of 196 steps leads up to the lamp. There is no lift. Halfway up, at the second window, a bench invites you to rest. Hold the rail on the left-hand side, so that those who come down can pass.",
    ),
    (
        "The lamp",
        "The lens was ground in Birmingham and weighs two tonnes. It floats in a bath of mercury, which lets a child turn it with one finger. The light can be seen for 19 nautical miles and flashes three times every twenty seconds. Never touch the lens: skin leaves marks that take hours to remove.",
    ),
    (
        "Fog",
        "When the fog horn sounds, go inside at once and wait in the keeper's kitchen until it falls silent. The horn is loud enough to hurt your ears out of doors. Ear protectors hang beside the kitchen door. No boat sails while the horn is sounding.",
    ),
    (
        "The keeper's house",
        "Six keepers and their families lived here until the light was made automatic in 1983. The last keeper was Agnes Thorburn. Her diary lies open in the parlour, and a new page is turned every morning.",
    ),
    (
        "Seabirds",
        "About three hundred pairs of puffins breed on the north cliff between May and July. Stay behind the white stones while they do. Terns defend their nests by flying at heads: carry a stick above yours. Feeding birds is forbidden.",
    ),
    (
        "Staying the night",
        "Volunteers sleep in the oil store, which has eight beds and a stove. Bring a sleeping bag. Quiet begins at ten in the evening. A night costs volunteers nothing, and guests fifteen crowns.",
    ),
    (
        "Food and water",
        "There is no shop on the island. Rain water from the roof is for washing only. Drinking water comes in blue barrels from the mainland, ten litres for each person and day. The stove burns gas: turn the red tap after cooking.",
    ),
    (
        "Volunteering",
        "Volunteers work four hours a day: painting, guiding visitors, counting birds. Write to Ewan Sinclair by the first of February to join the next season. Everybody takes a course in first aid before the first shift.",
    ),
    (
        "Emergencies",
        "Dial 7 on the grey telephone in the hall to reach the coastguard. The first-aid box hangs under the stair. In case of fire, meet at the flagpole. The helicopter lands on the square marked with an H: keep it free of bags and tents.",
    ),
)


def main() -> None:
    """Write the PDF beside this script."""
    pdf = FPDF(format=(148, 210))
    pdf.set_creation_date(datetime.datetime(2026, 5, 14, tzinfo=datetime.timezone.utc))
    pdf.set_title(TITLE)
    pdf.set_margin(18)
    for number, (heading, text) in enumerate(PAGES, start=1):
        pdf.add_page()
        pdf.set_font("times", "B", 18)
        pdf.multi_cell(0, 10, f"{number}. {heading}", new_x="LMARGIN", new_y="NEXT")
        pdf.ln(4)
        pdf.set_font("times", size=13)
        pdf.multi_cell(0, 7, text)
    pdf.output(str(Path(__file__).with_name("example-handbook.pdf")))


if __name__ == "__main__":
    main()
