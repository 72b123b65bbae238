"""What running the network incrementally saves, against whole windows and against the published pipeline.

    python -m benchmarks.model                            # all, five to ten minutes
    python -m benchmarks.model --hops 20 --no-published   # one minute

All figures of a run come from that run, as CPU time of one thread. The reference network and recordings are looked for
in $SOUNDSCAPE_SHARED or ../shared. The times hold for any weights; the difference is that of float32 rounding, which is
larger for the reference network, whose random weights give scores up to 30, than for trained weights.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import soundfile
import torch

from benchmarks import SHARED
from model_export.bundles import write_bundle
from model_export.recordings import pressure, windows
from monitor.dsp.loudness import StreamingLoudness
from monitor.dsp.mel import StreamingLogMel
from monitor.model import Bundle, Job, Predictor
from monitor.model.predictor import engine_of
from monitor.model.scores import OUTPUTS
from monitor.types import RATE_HZ, TRAINING_FULL_SCALE_PA, FloatArray, LoudnessFrames, MelFrames
from training.networks import Checkpoint, load_published


def cpu(task: Callable[[], object], times: int) -> float:
    """Median CPU time of a task, s; once untimed before."""
    task()
    spent = []
    for _ in range(times):
        begun = time.process_time()
        task()
        spent.append(time.process_time() - begun)
    return float(np.median(spent))


def recordings(seconds: float) -> FloatArray:
    """Real sound at 48 kHz, Pa on the training scale, from as many recordings as it takes."""
    some = sorted((SHARED / "audio" / "free").glob("*.ogg"))[::7]
    total, paths = 0.0, []
    for path in some:
        if total >= seconds:
            break
        total += soundfile.info(path).duration
        paths.append(path)
    return pressure(paths)[: round(seconds * RATE_HZ)]


class _Inner(torch.nn.Module):
    """The network one level down: at the top, torch's exporter wants the name `graph` for itself."""

    def __init__(self, network: torch.nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, log_mel: torch.Tensor, loudness: torch.Tensor) -> object:
        return self.network(log_mel, loudness)


class WholeWindows:
    """The network as torch exports it, on the whole window at every hop."""

    def __init__(self, network: torch.nn.Module, folder: Path) -> None:
        path = folder / "naive.onnx"
        example = (torch.zeros(1, 3001, 64), torch.zeros(1, 15000, 1))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program = torch.onnx.export(
                _Inner(network).eval(), example, dynamo=True, verbose=False, output_names=list(OUTPUTS)
            )
        assert program is not None
        program.save(path)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self.inputs = [node.name for node in self.session.get_inputs()]

    def scores(self, job: Job) -> list[np.ndarray]:
        """Outputs of the whole window, in the order of OUTPUTS."""
        values = (job.mel[None], job.loudness[None, :, None])
        return list(self.session.run(OUTPUTS, dict(zip(self.inputs, values, strict=True))))


def largest_difference(bundle: Bundle, naive: WholeWindows, jobs: list[Job]) -> float:
    """Incremental against whole windows over consecutive hops: largest difference, relative above 1, of any output."""
    engine, worst = engine_of(bundle), 0.0
    for job in jobs:
        ours, theirs = engine.scores(job), naive.scores(job)
        for name, other in zip(OUTPUTS, theirs, strict=True):
            one = getattr(ours, name)[0]
            if name in ("scene", "event"):
                one, other = 1 / (1 + np.exp(-one)), 1 / (1 + np.exp(-other))
            difference = np.abs(one - np.ravel(other)) / np.maximum(1, np.abs(np.ravel(other)))
            worst = max(worst, float(difference.max()))
    return worst


def hop_cost(bundle: Bundle, jobs: list[Job]) -> float:
    """Median CPU time of a hop, s."""
    engine = engine_of(bundle)
    engine.scores(jobs[0])
    spent = []
    for job in jobs[1:]:
        begun = time.process_time()
        engine.scores(job)
        spent.append(time.process_time() - begun)
    return float(np.median(spent))


def memory_mb(bundle: Bundle) -> tuple[float, float]:
    """Resident memory that a predictor adds to a process after 60 s: itself, and the runtime's libraries, MB."""
    program = (
        "import sys, numpy as np\nfrom pathlib import Path\nimport monitor.model as m\n"
        "from monitor.types import LoudnessFrames, MelFrames\n"
        "rss = lambda: int(open('/proc/self/statm').read().split()[1]) * 4096 / 1e6\n"
        "a = rss()\nimport onnxruntime\nb = rss()\np = m.Predictor(m.Bundle.load(Path(sys.argv[1])))\n"
        "mel, loudness = np.zeros((100, 64), 'f4'), np.zeros(500)\n"
        "for s in range(60): p.process(MelFrames(s * 48000, mel), LoudnessFrames(s * 48000, loudness))\n"
        "print(rss() - b, b - a)"
    )
    command = [sys.executable, "-c", program, str(bundle.folder)]
    own, runtime = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return float(own), float(runtime)


def published_cost(network: torch.nn.Module, pressure_pa: FloatArray) -> tuple[float, float]:
    """CPU time of the published pipeline on one 30 s window, s: MoSQITo's loudness; log-mel and torch."""
    import librosa
    from mosqito.sq_metrics import loudness_zwtv

    torch.set_num_threads(1)

    def rest() -> None:
        sound = librosa.resample(pressure_pa.astype(np.float32), orig_sr=RATE_HZ, target_sr=16000)
        mel = librosa.power_to_db(
            librosa.feature.melspectrogram(y=sound, sr=16000, n_fft=512, hop_length=160, n_mels=64, fmin=50, fmax=8000)
        )
        with torch.inference_mode():
            network(torch.from_numpy(mel.T[None].copy()), torch.zeros(1, 15000, 1))

    begun = time.process_time()
    loudness_zwtv(pressure_pa, RATE_HZ, field_type="free")
    return time.process_time() - begun, cpu(rest, 3)


def ours_cost(bundle: Bundle, pressure_pa: FloatArray, hop_s: float = 2.0) -> float:
    """CPU time of this project's loudness, log-mel and network per audio second, s."""
    mel, loudness, predictor = StreamingLogMel(RATE_HZ), StreamingLoudness(fs=RATE_HZ, field="free"), Predictor(bundle)
    block, spent, at, heard = RATE_HZ // 10, [], 0, 0
    for start in range(0, len(pressure_pa) - block + 1, block):
        begun = time.process_time()
        part = pressure_pa[start : start + block]
        frames, values = mel.process(part / TRAINING_FULL_SCALE_PA), loudness.process(part)
        predictor.process(MelFrames(at * 480, frames), LoudnessFrames(heard * 96, values))
        spent.append(time.process_time() - begun)
        at, heard = at + len(frames), heard + len(values)
    warm = spent[round(10 * hop_s) * 5 :]
    return float(np.sum(warm) / (len(warm) / 10))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hops", type=int, default=200, help="hops compared with whole windows (0.56 s each)")
    parser.add_argument("--no-published", action="store_true", help="leave out MoSQITo, which takes a minute")
    parser.add_argument("--checkpoint", type=Path, help="a checkpoint of this project instead of the reference network")
    arguments = parser.parse_args()
    if not (SHARED / "reference_model").is_dir():
        raise SystemExit(f"reference data not found at {SHARED} (set SOUNDSCAPE_SHARED)")
    network = load_published(SHARED / "reference_model" / "state_dict.npz", "SoundEQnet")
    scaling = json.loads((SHARED / "reference_clip" / "normalization.json").read_text())
    if arguments.checkpoint is not None:
        held = Checkpoint.load(arguments.checkpoint)
        network, scaling = held.module(), held.normalisation
    sound = recordings(30 + 1.04 * (arguments.hops + 1))
    with tempfile.TemporaryDirectory() as scratch:
        bundle = write_bundle(network, "SoundEQnet", scaling, Path(scratch) / "bundle")
        naive = WholeWindows(network, Path(scratch))
        jobs = windows(bundle, sound, 1.04)
        whole = cpu(lambda: naive.scores(jobs[0]), 7)
        at_2, at_1 = hop_cost(bundle, windows(bundle, sound, 2.0)[:40]), hop_cost(bundle, jobs[:40])
        print(f"whole window, ONNX Runtime:   {whole * 1e3:7.1f} ms CPU")
        print(f"hop of 2 s, incremental:      {at_2 * 1e3:7.1f} ms CPU, {whole / at_2:5.1f} x cheaper")
        print(f"hop of 1.04 s, incremental:   {at_1 * 1e3:7.1f} ms CPU, {whole / at_1:5.1f} x cheaper")
        own, runtime = memory_mb(bundle)
        print(f"memory of the model part:     {own:7.1f} MB, and {runtime:.1f} MB for importing ONNX Runtime")
        size = sum(record.bytes for record in bundle.manifest.files.values())
        print(f"bundle:                       {size / 1e6:7.1f} MB")
        count = len(jobs[: arguments.hops])
        print(f"largest difference, {count:3} hops: {largest_difference(bundle, naive, jobs[:count]):9.1e}")
        if not arguments.no_published:
            loudness, rest = published_cost(network, sound[: 30 * RATE_HZ])
            ours = ours_cost(bundle, sound[: 60 * RATE_HZ])
            theirs = (loudness + rest) / 2.0
            print(f"published, a 30 s window:     {loudness:7.1f} s CPU MoSQITo, {rest:.2f} s log-mel and torch")
            print(f"per audio second, hop 2 s:    {theirs * 1e3:7.0f} ms CPU published, {ours * 1e3:.1f} ms here")
            print(f"published against ours:       {theirs / ours:7.0f} x")


if __name__ == "__main__":
    main()
