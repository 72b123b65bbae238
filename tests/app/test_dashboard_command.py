"""Without more words, the dashboard is that of the node that the configuration names."""

from pathlib import Path

import pytest
import typer
from brokers import Mosquitto
from typer.testing import CliRunner

from monitor.app.commands import dashboard as command
from monitor.app.failure import Failure


@pytest.mark.parametrize(
    ("arguments", "said"),
    [((), "park/bench"), (("--node", "pond"), "park/pond"), (("--site", "city", "--node", "pond"), "city/pond")],
)
def test_the_node_asked_for_is_the_configured_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mosquitto: Mosquitto, arguments: tuple[str, ...], said: str
) -> None:
    monkeypatch.setattr(command, "SILENT_S", 0.0)
    file = tmp_path / "monitor.toml"
    file.write_text(f'[node]\nsite = "park"\nname = "bench"\n[mqtt]\nurl = "{mosquitto.url}"\n')
    app = typer.Typer()
    app.command()(command.dashboard)
    with pytest.raises(Failure, match=f"knows no node {said};"):
        CliRunner().invoke(app, ["--config", str(file), *arguments], catch_exceptions=False)
