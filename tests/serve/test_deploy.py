"""The examples of ``deploy/`` and the Containerfile are true: commands, variables, metrics and files that exist, and no more rights than needed."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from billfold.cli.main import COMMANDS, cli
from billfold.config import load_accounts
from tests.serve.reader import Reader

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
CONTAINERFILE = (ROOT / "Containerfile").read_text(encoding="utf-8")
UNITS = sorted(DEPLOY.glob("*.service"))


@pytest.fixture(scope="module")
def manifests() -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text(encoding="utf-8")))


def iter_pods(manifests: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for manifest in manifests:
        spec = manifest.get("spec", {})
        template = spec.get("jobTemplate", {}).get("spec", spec).get("template")
        if template:
            yield template["spec"]


def check_command_line(arguments: list[str]) -> None:
    """Fail where a command or an option does not exist."""
    command = cli.get_command(click.Context(cli), arguments[0])
    assert command is not None, arguments
    command.make_parser(click.Context(command)).parse_args(arguments[1:])


def list_known_variables() -> set[str]:
    texts = (path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py"))
    pattern = re.compile(r"""(?:environ\.get\(|\$|Path\()"?\$?(BILLFOLD_[A-Z_]+)""")
    return {name for text in texts for name in pattern.findall(text)}


def test_manifests_run_commands_that_exist(manifests: list[dict[str, Any]]) -> None:
    pods = list(iter_pods(manifests))
    containers = [box for pod in pods for box in (*pod["containers"], *pod.get("initContainers", ()))]
    assert len(containers) == 3
    for container in containers:
        if "args" in container:
            check_command_line(container["args"])
        for name in re.findall(r"billfold ([a-z]+)", " ".join(container.get("command", ()))):
            assert name in COMMANDS
    assert len({container["image"] for container in containers}) == 1


def test_pods_have_no_right_that_they_do_not_need(manifests: list[dict[str, Any]]) -> None:
    for pod in iter_pods(manifests):
        assert pod["securityContext"]["runAsNonRoot"]
        assert pod["securityContext"]["runAsUser"] == 10001
        assert not pod["automountServiceAccountToken"]
        for container in (*pod["containers"], *pod.get("initContainers", ())):
            confined = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True}
            assert container["securityContext"] == confined | {"capabilities": {"drop": ["ALL"]}}
            assert {mount["mountPath"] for mount in container["volumeMounts"]} == {"/data", "/tmp"}


def test_the_manifests_configuration_is_one(
    manifests: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (data,) = (manifest["data"] for manifest in manifests if manifest["kind"] == "ConfigMap")
    assert set(data) <= list_known_variables()
    path = tmp_path / "billfold.toml"
    path.write_text(data["BILLFOLD_CONFIG_TOML"])
    assert {account.provider.name for account in load_accounts(path)} == {"fastly", "vultr"}
    assert data["BILLFOLD_LEDGER"] == "/data"


def read_unit(path: Path) -> Mapping[str, list[str]]:
    values: dict[str, list[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            values.setdefault(name, []).append(value)
    return values


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_units_run_commands_that_exist(path: Path) -> None:
    unit = read_unit(path)
    program, *arguments = unit["ExecStart"][0].split()
    assert program.endswith("/bin/billfold")
    check_command_line(arguments)
    names = {pair.partition("=")[0] for value in unit["Environment"] for pair in value.split()}
    assert names <= list_known_variables()


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_units_are_confined(path: Path) -> None:
    unit = read_unit(path)
    switches = (
        "NoNewPrivileges PrivateDevices PrivateTmp PrivateUsers ProtectHome ProtectKernelModules RestrictNamespaces"
    )
    assert {name: unit[name] for name in switches.split()} == {name: ["yes"] for name in switches.split()}
    assert (unit["ProtectSystem"], unit["CapabilityBoundingSet"], unit["UMask"]) == (["strict"], [""], ["0077"])
    assert unit["User"] == unit["Group"] == unit["StateDirectory"] == ["billfold"]


def test_rules_ask_for_metrics_that_are_measured(reader: Reader) -> None:
    (group,) = yaml.safe_load((DEPLOY / "prometheus-rules.yaml").read_text(encoding="utf-8"))["groups"]
    measured = set(re.findall(r"^# TYPE (\w+)", reader.get("/metrics").text, re.MULTILINE))
    expected = {name for rule in group["rules"] for name in re.findall(r"billfold_\w+", rule["expr"])}
    assert len(expected) >= 6
    assert expected <= measured
    assert all(rule["annotations"]["summary"] and rule["labels"]["severity"] for rule in group["rules"])


def test_the_pages_of_metrics_name_all_of_them(reader: Reader) -> None:
    page = (ROOT / "docs" / "how-to" / "desk.md").read_text(encoding="utf-8")
    measured = set(re.findall(r"^# TYPE (\w+)", reader.get("/metrics").text, re.MULTILINE))
    assert measured - set(re.findall(r"`(billfold_\w+)`", page)) == {"billfold_build_info"}


def test_the_container_runs_as_nobody_with_what_exists() -> None:
    assert re.findall(r"^USER (.+)$", CONTAINERFILE, re.MULTILINE) == ["10001:10001"]
    assert set(re.findall(r"\b(BILLFOLD_\w+)=", CONTAINERFILE)) <= list_known_variables()
    (arguments,) = re.findall(r'^CMD \["(\w+)"\]$', CONTAINERFILE, re.MULTILINE)
    check_command_line([arguments])
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert re.findall(r'"\.\[(\w+)\]"', CONTAINERFILE) == ["all"]
    assert "all" in extras
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", CONTAINERFILE, re.MULTILINE)
    assert all((ROOT / name).exists() for names in copied for name in names.split())


def test_operations_names_every_variable() -> None:
    """Every variable that the program reads is in the table of the page."""
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert {name for name in list_known_variables() if f"`{name}`" not in page} == set()
