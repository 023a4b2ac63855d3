"""The protocols are usable without the rest."""

import subprocess
import sys


def test_they_import_numpy_and_nothing_heavy():
    names = "curve folds identification intervals open_set partition scores search templates verification".split()
    program = "import sys\n"
    program += "".join(f"import bareface.recognition.protocols.{name}\n" for name in names)
    program += "print(sorted({n.partition('.')[0] for n in sys.modules} & set(sys.argv[1:])))"
    heavy = ["torch", "pytorch_lightning", "hydra", "omegaconf", "pandas", "pyarrow", "cv2", "matplotlib", "scipy"]
    done = subprocess.run([sys.executable, "-c", program, "numpy", *heavy], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "['numpy']", done.stderr
