"""How submissions are graded: what nbgrader's commands read in the folder of a course."""

import sys
from pathlib import Path

from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbconvert.preprocessors import ClearMetadataPreprocessor, CSSHTMLHeaderPreprocessor
from nbformat.v4 import new_output
from nbgrader import preprocessors as steps


class ForgetCopies(steps.NbGraderPreprocessor):
    """A cell that a student copied is left with an empty entry, over which the next step would stumble."""

    def preprocess_cell(self, cell, resources, index):
        if not cell.metadata.get("nbgrader", True):
            del cell.metadata["nbgrader"]
        return cell, resources


class Execute(steps.Execute):
    """When the kernel dies, or hears no interrupt, the rest fails, and what was earned before stays."""

    def preprocess_cell(self, cell, resources, index):
        self.reached = index
        return super().preprocess_cell(cell, resources, index)

    def preprocess(self, nb, resources, km=None):
        try:
            return super().preprocess(nb, resources, km)
        except (DeadKernelError, CellTimeoutError) as error:
            text = f"{type(error).__name__}: in cell {self.reached + 1} the kernel stopped, or did not hear"
            failure = new_output("error", ename=type(error).__name__, evalue=text, traceback=[text])
            for cell in nb.cells[self.reached :]:
                if cell.cell_type == "code":
                    cell.outputs = [failure]
            return nb, resources


if sys.platform == "linux":  # the most memory that a submission may take; kernels inherit it
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, resource.getrlimit(resource.RLIMIT_AS)[1]))

c = get_config()  # noqa: F821
c.CourseDirectory.root = str(Path(__file__).resolve().parent)
c.CourseDirectory.course_id = "lrnn"
c.ClearSolutions.code_stub = {"python": "raise NotImplementedError  # your code here"}
c.ClearSolutions.text_stub = "*Your answer here.*"
c.Autograde.sanitize_preprocessors = [
    steps.ClearOutput,
    steps.DeduplicateIds,
    ForgetCopies,
    steps.OverwriteKernelspec,
    steps.OverwriteCells,
    steps.CheckCellMetadata,
]
c.Autograde.autograde_preprocessors = [
    Execute,
    steps.IgnorePattern,
    ClearMetadataPreprocessor,
    steps.LimitOutput,
    steps.SaveAutoGrades,
    steps.AssignLatePenalties,
    steps.CheckCellMetadata,
]
# Seconds for each cell: what runs longer is interrupted and fails.
c.Execute.timeout = 10
# A test that a student deleted comes back; without this its points would wait for a person for ever.
c.OverwriteCells.add_missing_cells = True
# Anything on stderr of a test costs all its points; a warning shall not.
c.IgnorePattern.enabled = True
c.IgnorePattern.pattern = "Warning"
c.LimitOutput.max_lines = 100
c.LimitOutput.max_traceback = 20
# What students get back shows which tests failed and why, but not the hidden ones themselves.
c.GenerateFeedback.preprocessors = [steps.GetGrades, steps.ClearHiddenTests, CSSHTMLHeaderPreprocessor]
# Downloads from Moodle and Canvas: put them into downloaded/NAME/archive, then nbgrader zip_collect NAME.
c.FileNameCollectorPlugin.named_regexp = (
    r".*?(?P<first_name>[^/_]*)_(?P<student_id>\d+)_(?:\d+_|assignsubmission_file_/?)"
    r"(?P<file_id>[\w-]+?)(?:-\d+)?(?=\.ipynb)"
)
