"""Execute a notebook by papermill, in a process of its own, once or more often.

Its arguments are the source, then for each run a target and parameters as JSON. A run begins
without variables; what was imported is there already, which is most of the time that a run takes.

The cells run in this process and not in a kernel beside it. So every error surfaces, also one
inside a control, which would draw it as its picture and go on; and no message between two
processes can get lost, as happens on some virtual machines under load.
"""

import json
import sys
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import RichOutput, capture_output

from experiments.sweeps.notebook import load_papermill

papermill = load_papermill()
from nbformat import v4  # noqa: E402
from papermill.engines import Engine, papermill_engines  # noqa: E402

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
        shell: Any = Shell.instance(colors="nocolor")
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
    source, *runs = sys.argv[1:]
    papermill_engines.register("in-process", InProcess)
    for target, parameters in zip(runs[::2], runs[1::2], strict=True):
        papermill.execute_notebook(
            source,
            target,
            json.loads(parameters),
            engine_name="in-process",
            kernel_name="python3",
            progress_bar=False,
        )


if __name__ == "__main__":
    main()
