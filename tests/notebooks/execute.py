"""Execute notebooks by papermill, each in a process of its own, once or more often.

Each line of standard input asks for a notebook, as JSON: its ``source``, the ``folder`` to run
in, and ``runs``, pairs of a target and parameters. The answer is a line as well: an exit code, 0
when all cells ran, and what was written to standard error. The process that executes a notebook
is forked from this one, which has imported what the lessons import: that takes longer than most
lessons do.

The cells run in that process and not in a kernel beside it. So every error surfaces, also one
inside a control, which would draw it as its picture and go on; and no message between two
processes can get lost, as happens on some virtual machines under load.
"""

import json
import os
import sys
import tempfile
from typing import Any, NoReturn

import ipywidgets  # noqa: F401, for the lessons
from IPython.core.displayhook import DisplayHook
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import RichOutput, capture_output
from traitlets.config import Config

from experiments.sweeps.notebook import load_papermill
from notebooks import lessons  # noqa: F401, for the lessons

papermill = load_papermill()
from nbformat import v4  # noqa: E402
from papermill.engines import Engine, papermill_engines  # noqa: E402

SMALL_PICTURES = Config(
    {"InlineBackend": {"print_figure_kwargs": {"dpi": 30, "bbox_inches": None}}}
)
"""All is drawn as ever, in a tenth of the pixels, and once rather than once more to trim it."""

_output: Any = v4.new_output  # nbformat's functions carry no types


class Results(DisplayHook):
    """Shows what a cell ends with as it shows anything else."""

    def write_output_prompt(self) -> None:
        """Pictures need no number."""

    def write_format_data(
        self, format_dict: dict[str, Any], md_dict: dict[str, Any] | None = None
    ) -> None:
        shell: Any = self.shell
        shell.display_pub.publish(format_dict, md_dict)


class Shell(InteractiveShell):
    """A shell that collects tracebacks, whoever shows them."""

    displayhook_class = Results
    tracebacks: tuple[str, ...] = ()

    def enable_gui(self, gui: str | None = None) -> None:
        """There is no event loop of a toolkit to enable."""

    def _showtraceback(self, etype: Any, evalue: Any, stb: Any) -> None:
        self.tracebacks += (self.InteractiveTB.stb2text(stb),)


class InProcess(Engine):  # type: ignore[misc]  # papermill carries no types
    """Runs the cells one after the other and keeps what they print and show."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **_options: Any) -> None:
        shell: Any = Shell.instance(colors="nocolor", config=SMALL_PICTURES)
        shell.reset(new_session=True)  # no variable of a run before
        for index, cell in enumerate(nb_man.nb.cells):
            if cell.cell_type != "code":
                continue
            nb_man.cell_start(cell, index)
            with capture_output() as captured:
                shell.run_cell(cell.source, store_history=True)
            if shell.tracebacks:
                raise SystemExit(f"{cell.source}\n{shell.tracebacks[0]}")
            printed = [_output("stream", text=captured.stdout)] if captured.stdout else []
            cell.outputs = printed + [shown(output) for output in captured.outputs]
            cell.execution_count = shell.execution_count - 1
            nb_man.cell_complete(cell, index)


def shown(output: RichOutput) -> Any:
    return _output("display_data", data=dict(output.data), metadata=dict(output.metadata or {}))


def main() -> None:
    papermill_engines.register("in-process", InProcess)
    for line in sys.stdin:
        print(json.dumps(executed(json.loads(line))), flush=True)


def executed(asked: dict[str, Any]) -> dict[str, Any]:
    """Execute a notebook in a child of this process, and return what came out."""
    with tempfile.TemporaryFile() as written:
        child = os.fork()
        if not child:
            execute(asked, written.fileno())
        _, status = os.waitpid(child, 0)
        written.seek(0)
        stderr = written.read().decode(errors="replace")
    return {"code": os.waitstatus_to_exitcode(status), "stderr": stderr}


def execute(asked: dict[str, Any], stderr: int) -> NoReturn:
    """Execute a notebook in this process, and end it; what fails is written to ``stderr``."""
    with open(os.devnull, "r+b") as nothing:
        for stream, target in enumerate((nothing.fileno(), nothing.fileno(), stderr)):
            os.dup2(target, stream)
    os.chdir(asked["folder"])
    for target, parameters in asked["runs"]:
        papermill.execute_notebook(
            asked["source"],
            target,
            parameters,
            engine_name="in-process",
            kernel_name="python3",
            progress_bar=False,
        )
    sys.exit()


if __name__ == "__main__":
    main()
