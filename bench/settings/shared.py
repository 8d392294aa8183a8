"""What several groups of options have in common: type, default, help and bounds, once."""

from bench.options import Option
from bench.storage.result_places import OWN

WORKERS = 2
BATCH_SIZE = 32
DEVICES = ("auto", "cpu", "cuda")
EXTRA_DATA = ("yes", "no", "not said")


extractor = "See `bench list extractors`; or torchvision:NAME, timm:NAME, onnx:FILE."
resize = Option("tf1, clean, torch, antialias or pillow.  [default: the extractor's first]", metavar="MODE")
weights = Option("Weights of the extractor.  [env: BENCH_WEIGHTS]", metavar="FILE")
offline = Option("Never download weights; BENCH_OFFLINE=1 does the same.", False)
trust_code = Option("Run TorchScript: it is code, so you must trust its author.", False)
device = Option(default="auto", choices=DEVICES)
workers = Option("Threads that decode images.", WORKERS, least=0)
data_root = Option("Folder of the downloaded data sets.  [env: BENCH_DATA]")
results = Option("Folder of the results; `results`, the published ones, is read with my-results.", OWN)
force = Option("Replace existing output.", False)
dataset = Option("The PATH, if the checkpoint was trained on folder:PATH.", metavar="NAME")
progress = Option(flag="-")
noise_seed = Option("Of the noise.", 0, least=0)
truncation = Option("Use only noise within [-T, T].  [default: the model's]", metavar="T")
