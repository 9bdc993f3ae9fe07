"""The files that the servers of this demo work on, made in the current folder: the books of a small bakery chain.

    mkdir ws && cd ws && python make.py      # repo/  db.sqlite  budget.xlsx  report.docx  review.docx  sales.csv  logo.png

Only the standard library and git are used. Names, dates and contents are fixed; what a tool reads is the same each time.
"""

import csv
import os
import sqlite3
import struct
import subprocess
import zipfile
import zlib
from pathlib import Path
from xml.sax.saxutils import escape

SHOPS = [(1, "Harbour", "Mia Torres", 2014), (2, "Market", "Jonas Weber", 2017), (3, "Station", "Aisha Khan", 2021)]
PRODUCTS = [(1, "Sourdough", 5.2), (2, "Rye bread", 4.8), (3, "Croissant", 2.4), (4, "Apple tart", 3.9)]
UNITS = [320, 180, 410, 95, 290, 210, 520, 120, 150, 90, 640, 75]
SALES = [
    (f"2026-{1 + i // 6:02d}-{5 + i % 6 * 4:02d}", SHOPS[i % 3][1], PRODUCTS[i % 4][1], units, PRODUCTS[i % 4][2])
    for i, units in enumerate(UNITS)
]
BUDGET = [("Flour", 4200, 4350), ("Butter", 2600, 2480), ("Wages", 18500, 18720), ("Rent", 6300, 6300),
          ("Energy", 2100, 2390), ("Marketing", 900, 640)]  # fmt: skip
REPORT = ["Spring report", "Summary", "The Harbour shop sold more sourdough than any other shop this spring.",
          "Longer opening hours on Saturday brought new customers.", "Sales", "The table below lists the units sold.",
          "Croissant sales at the Station shop rose by a fifth.", "Next steps",
          "Order a second oven for the Harbour shop.", "Test an apple tart in a smaller size.", "Closing remarks",
          "Prepared by the head office in March.", "Figures are not audited."]  # fmt: skip
REVIEW = ["Supplier review", "Summary", "The mill delivers sourdough flour on time to the Harbour shop.",
          "Its opening hours suit the early shift.", "Sales", "The table below lists what was bought.",
          "Butter prices at the dairy rose by a tenth.", "Next steps", "Ask the dairy for a yearly contract.",
          "Visit the mill before the summer.", "Closing remarks", "Prepared by the head office in April.",
          "Prices are without tax."]  # fmt: skip
SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
CONTENT = "application/vnd.openxmlformats-officedocument"
CONTENT_LINKS = "application/vnd.openxmlformats-package.relationships"
CONTENT_CORE = "application/vnd.openxmlformats-package.core-properties"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
STYLES = {"Normal": "Normal", "Title": "Title", "Heading1": "heading 1", "Heading2": "heading 2",
          "ListBullet": "List Bullet", "ListNumber": "List Number"}  # fmt: skip
COMMENTS = {"Summary": ("Jonas Weber", "Please add the numbers of April."), "Sales": ("Aisha Khan", "Checked.")}
HEADINGS = {"Summary", "Sales", "Next steps", "Closing remarks"}
TABLE = [("Product", "January", "February"), ("Sourdough", "320", "290"), ("Rye bread", "180", "210"),
         ("Croissant", "410", "520")]  # fmt: skip


def main() -> None:
    make_repo(Path("repo"))
    make_database(Path("db.sqlite"))
    make_workbook(Path("budget.xlsx"))
    make_document(Path("report.docx"), REPORT)
    make_document(Path("review.docx"), REVIEW)
    make_picture(Path("logo.png"))
    with Path("sales.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("date", "shop", "product", "units", "price"), *SALES])


def make_repo(repo: Path) -> None:
    """Five commits on main, a branch `summer-menu`, one staged and one unstaged change, one untracked file."""
    repo.mkdir()
    git(repo, "init", "-q", "-b", "main", "--template=")
    git(repo, "config", "user.name", "Mia Torres")
    git(repo, "config", "user.email", "mia@bakery.example")
    commit(repo, 2, "Add the menu", {"menu.md": "# Menu\n\n- Sourdough 5.20\n- Rye bread 4.80\n"})
    commit(repo, 3, "Add opening hours", {"hours.md": "# Opening hours\n\nMonday to Friday 7-18\nSaturday 8-14\n"})
    commit(repo, 4, "Add the sourdough recipe", {"recipes/sourdough.md": "500 g flour\n350 g water\n10 g salt\n"})
    commit(repo, 5, "Raise the price of rye bread", {"menu.md": "# Menu\n\n- Sourdough 5.20\n- Rye bread 4.90\n"})
    git(repo, "checkout", "-q", "-b", "summer-menu")
    commit(repo, 6, "Add the summer specials", {"summer.md": "# Summer\n\n- Lemon cake 4.10\n- Iced coffee 3.20\n"})
    git(repo, "checkout", "-q", "main")
    commit(repo, 7, "List the allergens", {"allergens.md": "Sourdough: wheat\nApple tart: wheat, egg, milk\n"})
    (repo / "menu.md").write_text("# Menu\n\n- Sourdough 5.20\n- Rye bread 4.90\n- Croissant 2.40\n")
    git(repo, "add", "menu.md")
    (repo / "hours.md").write_text("# Opening hours\n\nMonday to Friday 7-18\nSaturday 8-16\n")
    (repo / "todo.txt").write_text("Call the mill about the flour delivery.\n")


def commit(repo: Path, day: int, message: str, files: dict[str, str]) -> None:
    for name, text in files.items():
        (repo / name).parent.mkdir(exist_ok=True)
        (repo / name).write_text(text)
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", message, day=day)


def git(repo: Path, *arguments: str, day: int = 1) -> None:
    date = f"2026-03-{day:02d}T09:00:00+00:00"
    settings = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    environment = os.environ | settings | {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
    subprocess.run(["git", *arguments], cwd=repo, env=environment, check=True)


def make_database(path: Path) -> None:
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE shops (id INTEGER PRIMARY KEY, name TEXT, manager TEXT, opened INTEGER)")
    database.execute("CREATE TABLE products (id INTEGER PRIMARY KEY, name TEXT, price REAL)")
    database.execute("CREATE TABLE sales (day TEXT, shop_id INTEGER, product_id INTEGER, units INTEGER)")
    database.executemany("INSERT INTO shops VALUES (?, ?, ?, ?)", SHOPS)
    database.executemany("INSERT INTO products VALUES (?, ?, ?)", PRODUCTS)
    rows = [(day, 1 + i % 3, 1 + i % 4, units) for i, (day, _, _, units, _) in enumerate(SALES)]
    database.executemany("INSERT INTO sales VALUES (?, ?, ?, ?)", rows)
    database.commit()
    database.close()


def make_workbook(path: Path) -> None:
    """Sheets Sales and Budget with formulas, and Draft and Archive, which nobody will miss."""
    sales = [(*row, f"=D{i}*E{i}") for i, row in enumerate(SALES, start=2)]
    budget = [(*row, f"=C{i}-B{i}") for i, row in enumerate(BUDGET, start=2)]
    total = ("Total", *(f"=SUM({column}2:{column}7)" for column in "BCD"))
    sheets: dict[str, list[tuple[object, ...]]] = {
        "Sales": [("Date", "Shop", "Product", "Units", "Price", "Revenue"), *sales],
        "Budget": [("Item", "Planned", "Actual", "Difference"), *budget, total],
        "Draft": [("Idea", "Cost"), ("Coffee bar", 5200), ("Delivery bike", 1900)],
        "Archive": [("Year", "Revenue"), (2023, 118000), (2024, 126500), (2025, 131200)],
    }
    tabs = "".join(f'<sheet name="{name}" sheetId="{i}" r:id="rId{i}"/>' for i, name in enumerate(sheets, start=1))
    names = '<definedName name="TaxRate">0.07</definedName><definedName name="OldTarget">120000</definedName>'
    book = f"<sheets>{tabs}</sheets><definedNames>{names}</definedNames>"
    parts = [(f"sheet{i}.xml", "worksheet", sheet_xml(rows)) for i, rows in enumerate(sheets.values(), start=1)]
    main = f'<workbook xmlns="{SHEET}" xmlns:r="{LINKS}">{book}</workbook>'
    write_package(path, "xl/workbook.xml", "spreadsheetml", "sheet.main", main, parts)


def sheet_xml(rows: list[tuple[object, ...]]) -> str:
    cells = (
        "".join(cell_xml(f"{column}{number}", value) for column, value in zip("ABCDEF", row, strict=False))
        for number, row in enumerate(rows, start=1)
    )
    lines = "".join(f'<row r="{number}">{row}</row>' for number, row in enumerate(cells, start=1))
    return f'<worksheet xmlns="{SHEET}"><sheetData>{lines}</sheetData></worksheet>'


def cell_xml(place: str, value: object) -> str:
    if isinstance(value, str) and value.startswith("="):
        return f'<c r="{place}"><f>{value[1:]}</f></c>'
    if isinstance(value, str):
        return f'<c r="{place}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    return f'<c r="{place}"><v>{value}</v></c>'


def make_document(path: Path, texts: list[str]) -> None:
    """A title, paragraphs under four headings, one table, and two comments."""
    title, *rest = texts
    blocks = [
        paragraph_xml(title, "Title"),
        *(paragraph_xml(t, "Heading1" if t in HEADINGS else "Normal") for t in rest),
    ]
    blocks.insert(texts.index("Next steps"), table_xml())
    main = f'<w:document xmlns:w="{WORD}"><w:body>{"".join(blocks)}<w:sectPr/></w:body></w:document>'
    parts = [("styles.xml", "styles", styles_xml()), ("comments.xml", "comments", comments_xml())]
    write_package(path, "word/document.xml", "wordprocessingml", "document.main", main, parts)


def paragraph_xml(text: str, style: str) -> str:
    run = f"<w:r><w:t>{escape(text)}</w:t></w:r>"
    if text in COMMENTS:
        place = f'w:id="{list(COMMENTS).index(text)}"'
        mark = f"<w:r><w:commentReference {place}/></w:r>"
        run = f"<w:commentRangeStart {place}/>{run}<w:commentRangeEnd {place}/>{mark}"
    return f'<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr>{run}</w:p>'


def table_xml() -> str:
    rows = ("".join(f"<w:tc><w:tcPr/>{paragraph_xml(text, 'Normal')}</w:tc>" for text in row) for row in TABLE)
    lines = "".join(f"<w:tr>{row}</w:tr>" for row in rows)
    grid = '<w:gridCol w:w="2400"/>' * len(TABLE[0])
    return f'<w:tbl><w:tblPr><w:tblStyle w:val="TableGrid"/></w:tblPr><w:tblGrid>{grid}</w:tblGrid>{lines}</w:tbl>'


def styles_xml() -> str:
    styles = "".join(
        f'<w:style w:type="paragraph" w:styleId="{key}"><w:name w:val="{name}"/></w:style>' for key, name in STYLES.items()
    )
    grid = '<w:style w:type="table" w:styleId="TableGrid"><w:name w:val="Table Grid"/></w:style>'
    return f'<w:styles xmlns:w="{WORD}">{styles}{grid}</w:styles>'


def comments_xml() -> str:
    when = 'w:date="2026-03-02T09:00:00Z"'
    comments = "".join(
        f'<w:comment w:id="{i}" w:author="{author}" {when}>{paragraph_xml(text, "Normal")}</w:comment>'
        for i, (author, text) in enumerate(COMMENTS.values())
    )
    return f'<w:comments xmlns:w="{WORD}">{comments}</w:comments>'


def write_package(path: Path, main: str, family: str, kind: str, text: str, parts: list[tuple[str, str, str]]) -> None:
    """An Office file: `text` as its main part, and beside it `parts` (file name, kind, XML)."""
    folder, name = main.split("/")
    core = f"{PACKAGE}/relationships/metadata/core-properties"
    root = links_xml([("officeDocument", main), (core, "docProps/core.xml")])
    types = {main: f"{CONTENT}.{family}.{kind}+xml", "docProps/core.xml": f"{CONTENT_CORE}+xml"}
    types |= {f"{folder}/{file}": f"{CONTENT}.{family}.{part}+xml" for file, part, _ in parts}
    files = {"[Content_Types].xml": types_xml(types), "_rels/.rels": root, "docProps/core.xml": core_xml(), main: text}
    files[f"{folder}/_rels/{name}.rels"] = links_xml([(part, file) for file, part, _ in parts])
    files |= {f"{folder}/{file}": xml for file, _, xml in parts}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as package:
        for file, xml in files.items():
            package.writestr(zipfile.ZipInfo(file, (2026, 3, 1, 9, 0, 0)), HEAD + xml)


def types_xml(types: dict[str, str]) -> str:
    extensions = {"rels": f"{CONTENT_LINKS}+xml", "xml": "application/xml"}
    default = "".join(f'<Default Extension="{name}" ContentType="{kind}"/>' for name, kind in extensions.items())
    overrides = "".join(f'<Override PartName="/{part}" ContentType="{kind}"/>' for part, kind in types.items())
    return f'<Types xmlns="{PACKAGE}/content-types">{default}{overrides}</Types>'


def links_xml(links: list[tuple[str, str]]) -> str:
    lines = (
        f'<Relationship Id="rId{i}" Type="{kind if "/" in kind else f"{LINKS}/{kind}"}" Target="{target}"/>'
        for i, (kind, target) in enumerate(links, start=1)
    )
    return f'<Relationships xmlns="{PACKAGE}/relationships">{"".join(lines)}</Relationships>'


def core_xml() -> str:
    when = "".join(
        f'<dcterms:{word} xsi:type="dcterms:W3CDTF">2026-03-01T09:00:00Z</dcterms:{word}>' for word in ("created", "modified")
    )
    spaces = {"cp": f"{PACKAGE}/metadata/core-properties", "dc": "http://purl.org/dc/elements/1.1/",
              "dcterms": "http://purl.org/dc/terms/", "xsi": "http://www.w3.org/2001/XMLSchema-instance"}  # fmt: skip
    names = " ".join(f'xmlns:{prefix}="{space}"' for prefix, space in spaces.items())
    return f"<cp:coreProperties {names}><dc:creator>Mia Torres</dc:creator>{when}</cp:coreProperties>"


def make_picture(path: Path) -> None:
    """A brown square of 64 by 64 pixels."""
    pixels = (b"\0" + bytes((139, 90, 43)) * 64) * 64
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", 64, 64, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(pixels)),
        (b"IEND", b""),
    ]
    body = (struct.pack(">I", len(d)) + name + d + struct.pack(">I", zlib.crc32(name + d)) for name, d in chunks)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(body))


if __name__ == "__main__":
    main()
