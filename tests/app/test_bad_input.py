"""What a command cannot use is told in one sentence, with the documented exit code, before anything is done."""

from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from monitor.app.commands.describe import describe
from monitor.app.commands.doctor import doctor
from monitor.app.commands.fleet import provision
from monitor.app.commands.measure import measure
from monitor.app.commands.narrate import narrate
from monitor.app.commands.support_bundle import support_bundle
from monitor.app.failure import Exit, Failure


def refusal(command: Any, *arguments: str | Path) -> Failure:
    app = typer.Typer()
    app.command()(command)
    with pytest.raises(Failure) as caught:
        CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
    assert "\n" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("command", "arguments"), [(doctor, ()), (doctor, ("--running",)), (support_bundle, ()), (narrate, ())]
)
def test_a_state_folder_that_is_not_there_is_missing_input_and_is_not_made(
    tmp_path: Path, command: Any, arguments: tuple[str, ...]
) -> None:
    nowhere = tmp_path / "nowhere"
    failure = refusal(command, "--state", nowhere, *arguments)
    assert failure.code == Exit.MISSING_INPUT and str(nowhere) in str(failure)
    assert not nowhere.exists()


@pytest.mark.parametrize("value", ["nan", "inf", "0", "-1"])
def test_a_scale_is_a_pressure_above_zero(tmp_path: Path, value: str) -> None:
    for command, arguments in ((describe, ()), (measure, ("--csv", tmp_path / "out.csv"))):
        failure = refusal(command, tmp_path / "clip.wav", *arguments, "--full-scale-pa", value)
        assert failure.code == Exit.USAGE and "--full-scale-pa" in str(failure)
    assert list(tmp_path.iterdir()) == []


def test_an_authority_in_der_is_told_from_one_in_pem(tmp_path: Path) -> None:
    table, authority = tmp_path / "nodes.csv", tmp_path / "ca.der"
    table.write_text("site,name\npark,bench\n")
    authority.write_bytes(b"\x30\x82\x01\xff\x80")
    arguments = ("--broker", "mqtts://broker.example:8883", "--out", tmp_path / "fleet", "--ca", authority)
    failure = refusal(provision, table, *arguments)
    assert failure.code == Exit.BAD_INPUT and "openssl x509 -inform der" in str(failure)
    assert not list((tmp_path / "fleet").rglob("monitor.toml"))
