"""What is written to the file of errors while Keras is imported."""

import os
import subprocess
import sys

import pytest

KERAS = """
import gc, os, subprocess, sys
assert not gc.isenabled()  # it would go through all that an import makes, again and again
os.write(2, b"I0000 00:00:1.1 1 port.cc:153] oneDNN custom operations are on. You may see\\n")
os.write(2, b"The TensorFlow library was compiled to use AVX instructions\\n")
print("of Python", file=sys.stderr)
script = "import sys, time; time.sleep(1); print('of a child', file=sys.stderr)"
child = subprocess.Popen([sys.executable, "-c", script])
if sys.argv[1] == "abort":
    os.abort()
"""
SCRIPT = """
import gc, sys
from skin_lesion._utils import lazy_keras
child = lazy_keras.child
assert gc.isenabled()
print("afterwards", file=sys.stderr)
child.wait()
"""


@pytest.mark.skipif(os.name == "nt", reason="aborts otherwise there")
@pytest.mark.parametrize("end", ["abort", "return"])
def test_all_but_needless_lines_are_passed_on(tmp_path, end):
    (tmp_path / "keras.py").write_text(KERAS)
    path = os.pathsep.join([str(tmp_path), *filter(None, sys.path)])
    process = subprocess.run(
        [sys.executable, "-c", SCRIPT, end],
        env={**os.environ, "PYTHONPATH": path},
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert (process.returncode == 0) == (end == "return"), process.stderr
    lines = process.stderr.splitlines()
    expected = ["The TensorFlow library was compiled to use AVX instructions", "of Python"]
    assert lines[:2] == expected
    assert lines[-1] == "of a child"
    assert ("afterwards" in lines) == (end == "return")
    assert not [line for line in lines if "oneDNN" in line]
