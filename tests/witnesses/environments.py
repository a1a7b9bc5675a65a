"""Builds the virtual environment of each vendor SDK once and keeps it in the repository's cache."""

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
CACHE = HERE.parents[1] / ".cache" / "witnesses"
BUILD_SECONDS = 900.0


class BuildError(RuntimeError):
    """An environment could not be made; the message ends with what the tool said last."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What an environment needs beyond its pinned packages: data files, and commands for its own interpreter."""

    data: tuple[str, ...] = ()
    commands: tuple[tuple[str, ...], ...] = ()


GENERATE = (
    *("-m", "openapi_python_client", "generate", "--meta", "none", "--fail-on-warning"),
    *("--path", "{here}/cockroach/openapi.json", "--config", "{here}/cockroach/generator.yml"),
    *("--output-path", "{site}/cockroach_cloud"),
)
RECIPES = {
    "cockroach-openapi": Recipe(
        data=("cockroach/openapi.json", "cockroach/generator.yml"),
        commands=(GENERATE, ("-m", "compileall", "-q", "{site}/cockroach_cloud")),
    ),
}


def names() -> list[str]:
    """List every environment there is a requirements file for."""
    return sorted(path.stem for path in (HERE / "requirements").glob("*.txt"))


def interpreter(name: str) -> Path:
    """Give the interpreter of that environment, which is built first where it is missing."""
    home = CACHE / f"{name}-{fingerprint(name)}"
    if not _python(home).exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with _locked(CACHE / f"{name}.lock"):
            if not _python(home).exists():
                _build(name, home)
    return _python(home)


def fingerprint(name: str) -> str:
    """Hash whatever the environment is made of: packages, recipe, data, Python, machine."""
    recipe = RECIPES.get(name, Recipe())
    digest = hashlib.sha256(f"{sys.implementation.cache_tag} {sysconfig.get_platform()} {recipe}".encode())
    for path in (_requirements(name), *(HERE / file for file in recipe.data)):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:10]


def _requirements(name: str) -> Path:
    path = HERE / "requirements" / f"{name}.txt"
    if not path.exists():
        raise BuildError(f"no witness is called {name!r}; there are {', '.join(names())}")
    return path


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _build(name: str, home: Path) -> None:
    # The rename is the last step, so a killed build leaves only a directory that the next one clears away.
    unfinished = home.with_name(f".{home.name}.building")
    for leftover in (unfinished, home):
        shutil.rmtree(leftover, ignore_errors=True)
    _install(name, unfinished)
    paths = {"here": str(HERE), "site": str(_place(unfinished, "purelib"))}
    for command in RECIPES.get(name, Recipe()).commands:
        _run(str(_python(unfinished)), *(word.format(**paths) for word in command))
    unfinished.rename(home)


def _install(name: str, home: Path) -> None:
    # --no-deps: the requirements file is the whole truth, nothing unpinned can come along.
    requirements = ("--no-deps", "-r", str(_requirements(name)))
    uv = _uv()
    if uv is None:
        _run(sys.executable, "-m", "venv", str(home))
        _run(str(_python(home)), "-m", "pip", "install", "--quiet", "--compile", *requirements)
        return
    _run(uv, "venv", "--quiet", "--relocatable", "--python", sys.executable, str(home))
    _run(uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(_python(home)), *requirements)


def _uv() -> str | None:
    own_uv = Path(sysconfig.get_path("scripts")) / "uv"
    return str(own_uv) if own_uv.exists() else shutil.which("uv")


def _python(home: Path) -> Path:
    return _place(home, "scripts") / "python"


def _place(home: Path, kind: str) -> Path:
    return Path(sysconfig.get_path(kind, "venv", {"base": str(home), "platbase": str(home)}))


def _run(*command: str) -> None:
    ours = ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME")
    environ = {key: value for key, value in os.environ.items() if key not in ours}
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=BUILD_SECONDS, env=environ)
    except subprocess.CalledProcessError as error:
        raise BuildError(f"{' '.join(command)}\n{(error.stderr or error.stdout)[-3000:]}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BuildError(f"{' '.join(command)}\n{error}") from error


if __name__ == "__main__":
    for wanted_name in sys.argv[1:] or names():
        sys.stdout.write(f"{wanted_name}: {interpreter(wanted_name)}\n")
