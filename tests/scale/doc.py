"""docs/scale.md quotes what is run here, word for word.

    doc.py            says what differs
    doc.py --write    puts the text of today into the document
"""

import re
import sys
from pathlib import Path

import ask
import plan

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "scale.md"
# a block of code after its marker
BLOCK = "(<!-- {name} -->\n```[a-z]*\n)(.*?)(```\n)"


def quoted():
    texts = {name: ask.text(name).strip() for name in ("duckdb.sql", "spark.sql", "question.sql")}
    texts |= {"history": ask.HISTORY.format(period="2026-08-01"), "plan": "\n".join(plan.lines())}
    return {name: text + "\n" for name, text in texts.items()}


def differences():
    document = DOCUMENT.read_text()
    for name, text in quoted().items():
        found = re.findall(BLOCK.format(name=re.escape(name)), document, re.DOTALL)
        if [block for _, block, _ in found] != [text]:
            yield f"docs/{DOCUMENT.name} does not have `{name}` word for word; see tests/scale/doc.py"


def write():
    document = DOCUMENT.read_text()
    for name, text in quoted().items():
        put = lambda match, text=text: match[1] + text + match[3]
        document = re.sub(BLOCK.format(name=re.escape(name)), put, document, flags=re.DOTALL)
    DOCUMENT.write_text(document)


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        write()
    problems = list(differences())
    print("\n".join(problems) or "the document has all of it")
    sys.exit(bool(problems))
