"""Running commands in tests."""

from collections.abc import Callable

from click.testing import Result
from flask import Flask

Run = Callable[..., Result]


def runner(app: Flask) -> Run:
    """`run("regions", "import", …)`: the command's result with exit code and output.

    Raises what the command lets through: a person would see a traceback.
    """

    def run(*arguments: object) -> Result:
        args = [str(item) for item in arguments]
        result: Result = app.test_cli_runner().invoke(args=args, prog_name="flask")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


def done(result: Result) -> str:
    """The command's output; fails unless it ended well."""
    assert result.exit_code == 0, result.output
    return result.stdout


def failed(result: Result) -> str:
    """The command's complaint; fails unless it ended with exit code 1 and said so on stderr."""
    assert result.exit_code == 1, result.output
    assert result.stdout == ""
    assert result.stderr.startswith("错误："), result.stderr
    return result.stderr.removeprefix("错误：").strip()
