"""Real documents, made on the spot: 25 facts, each on a page of its own."""

from __future__ import annotations

import datetime
import functools
import io

import docx
from fpdf import FPDF

FACTS = (
    ("Annual leave", "Every employee has 27 days of paid leave a year, plus public holidays."),
    ("Travel", "Train journeys are booked in second class; flights need the director's signature."),
    ("Expenses", "Receipts above 40 euros go to Marta Kowalski within three weeks."),
    ("Fire safety", "The assembly point in case of fire is the car park behind the bakery."),
    ("Passwords", "A password has at least fourteen characters and is changed after a leak only."),
    ("Remote work", "Working from home is possible on Tuesdays, Wednesdays and Fridays."),
    ("Kitchen", "The dishwasher runs at six in the evening; whoever comes last starts it."),
    ("Parking", "Bicycles are kept in the cellar, and the code of its door is 4471."),
    ("Laptops", "Computers are replaced every four years and old ones go to the school."),
    ("Sick notes", "A doctor's certificate is needed from the third day of illness."),
    ("Probation", "The trial period lasts five months for everybody."),
    ("Meetings", "No meeting lasts longer than 45 minutes, and none begins before ten."),
    ("Library", "Books are borrowed for six weeks from the shelf beside the lift."),
    ("Heating", "Radiators are turned down to 17 degrees when the office closes."),
    ("Visitors", "Guests sign the blue book at the reception and wear a badge."),
    ("Backups", "Backups are written to tape each Sunday and kept in Rotterdam."),
    ("Payday", "Salaries are paid on the 26th of each month."),
    ("Training", "Each person may spend 900 euros a year on courses and conferences."),
    ("Dogs", "Dogs are welcome on the second floor if they are quiet."),
    ("Printing", "The colour printer is called Vermeer and stands next to the archive."),
    ("Pension", "The company adds six percent of the salary to the pension fund."),
    ("Coffee", "Beans come from a roaster in Trieste and are ordered by Ines."),
    ("First aid", "Doctor Lindqvist keeps the defibrillator in room 112."),
    ("Notice", "Notice is given in writing, eight weeks before the end of a quarter."),
    ("Choir", "The company choir rehearses on Mondays in the old chapel."),
)
"""Page n + 1 of the handbook holds FACTS[n]."""

QUESTIONS = (
    ("How many days of holiday do employees get?", 1),
    ("Where do we gather when there is a fire?", 4),
    ("What is the code for the cellar where bikes are kept?", 8),
    ("When do I need a certificate from a doctor?", 10),
    ("How long is the trial period?", 11),
    ("To which city are the backup tapes taken?", 16),
    ("On which day of the month do I receive my wage?", 17),
    ("How much money can I spend on a course?", 18),
    ("May I bring my dog to the office?", 19),
    ("Who has the defibrillator?", 23),
)
"""Question, and the page that answers it."""

_PADDING = (
    "This page belongs to the handbook of the company and was last read by the works council in "
    "spring. It applies to all offices unless a local rule says otherwise. Questions about this "
    "page are answered by the people department, which also keeps older versions. "
)


def handbook_pdf(num_pages: int = len(FACTS), copies: int = 1) -> bytes:
    """A PDF whose page n + 1 holds FACTS[n] between paragraphs that all pages share."""
    pdf = FPDF()
    pdf.set_creation_date(datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc))
    pdf.set_font("helvetica", size=11)
    for number in range(num_pages):
        title, fact = FACTS[number % len(FACTS)]
        pdf.add_page()
        pdf.multi_cell(
            0, 6, f"{number + 1}. {title}\n\n{_PADDING}\n\n{fact}\n\n{_PADDING * copies}"
        )
    return bytes(pdf.output())


def scanned_pdf() -> bytes:
    """Three pages; the third is only a drawing."""
    pdf = FPDF()
    pdf.set_font("helvetica", size=12)
    for text in ("The first page speaks of herons.", "The second page speaks of otters."):
        pdf.add_page()
        pdf.multi_cell(0, 8, text)
    pdf.add_page()
    pdf.rect(20, 20, 100, 100, style="F")
    return bytes(pdf.output())


def encrypted_pdf() -> bytes:
    """Opens only with a password."""
    pdf = FPDF()
    pdf.set_encryption(owner_password="owner", user_password="secret")
    pdf.set_font("helvetica", size=12)
    pdf.add_page()
    pdf.multi_cell(0, 8, "Nobody may read this.")
    return bytes(pdf.output())


@functools.cache
def word_file() -> bytes:
    """Two chapters with headings and a table; the same bytes only within one process."""
    document = docx.Document()
    document.add_heading("Garden rules", level=1)
    document.add_heading("Watering", level=2)
    document.add_paragraph("Tomatoes are watered at seven in the morning, never on their leaves.")
    document.add_heading("Compost", level=2)
    document.add_paragraph("Coffee grounds go on the heap; lemon peel does not.")
    table = document.add_table(rows=2, cols=2)
    for cell, text in zip(
        (cell for row in table.rows for cell in row.cells),
        ("Bed", "Plant", "North", "Rhubarb"),
        strict=True,
    ):
        cell.text = text
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


WEB_PAGE = """<!doctype html><html><head><title>Lighthouse</title><style>p{color:red}</style></head>
<body><nav><a href="/">Home</a> <a href="/shop">Shop now</a></nav>
<main><h1>The lighthouse</h1><p>It was built in 1874 by
Erik Dahl.</p><h2>Opening hours</h2><p>Open from <b>May</b> to September.</p>
<ul><li>Adults pay 6 crowns</li><li>Children pay nothing</li></ul></main>
<footer>All rights reserved</footer><script>track()</script></body></html>"""

MARKDOWN = """# Bread

## Sourdough

The starter is fed with *rye flour* every evening.

```python
# not a heading
```

## Baking

The oven is heated to 245 degrees.
"""
