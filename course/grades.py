"""The marks of a course as a table: a row for each student, a column for each assignment.

python course/grades.py --out FOLDER        writes FOLDER/grades.csv
"""

import argparse
from pathlib import Path

from check import export
from editions import nbgrader

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--out", type=lambda text: Path(text).resolve(), required=True)
    out = parser.parse_args().out
    export(nbgrader(out), out / "grades.csv")
    print(out / "grades.csv")
