"""Model files that try to run code, to read or write other files, or to fill the memory.

Each is made of a good one, with checksums made right again unless they are the point. All code in
them would make the file CANARY names, by which a test sees that it was run.
"""

import hashlib
import io
import json
import pickle
import stat
import struct
import zipfile

import h5py
import numpy as np


class _Exploit:
    def __init__(self, canary):
        self._canary = canary

    def __reduce__(self):
        return exec, (f"open({self._canary!r}, 'w')",)


def read_entries(data):
    """Return the entries of a zip file in memory."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write_entries(entries, compression=zipfile.ZIP_STORED):
    """Return a zip file of entries; of names that are ZipInfo objects, too."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return file.getvalue()


def seal(entries):
    """Return a model file of entries, with a manifest whose checksums are right."""
    manifest = json.loads(entries["manifest.json"])
    entries = {name: data for name, data in entries.items() if name != "manifest.json"}
    manifest["sha256"] = {
        getattr(name, "filename", name): hashlib.sha256(data).hexdigest()
        for name, data in entries.items()
    }
    return write_entries({"manifest.json": json.dumps(manifest), **entries})


def malicious_files(good, canary):
    """Give pairs of a name and a file.

    Parameters
    ----------
    good : bytes
        A classifier with a network, as saved.

    canary : str
        The path of the file that foreign code would make.
    """
    yield from _pickles(good, canary)
    yield from _foreign_classes(good, canary)
    yield from _configurations(good, canary)
    yield from _weights(good, canary)
    yield from _archives(good)
    yield from _sizes(good)


def _pickles(good, canary):
    entries = read_entries(good)
    exploit = pickle.dumps(_Exploit(canary))
    yield "a pickle", exploit
    yield "a pickle before the zip file", exploit + good
    yield "a pickle after the zip file", good + exploit
    array = io.BytesIO()
    np.save(array, np.array([_Exploit(canary)]), allow_pickle=True)
    name = next(name for name in entries if name.startswith("arrays/"))
    yield "a pickle in place of the state", seal({**entries, "estimator.json": exploit})
    yield "a pickle as another entry", seal({**entries, "estimator.pkl": exploit})
    yield "a pickled array", seal({**entries, name: array.getvalue()})
    yield "a pickle as the network", seal({**entries, "networks/0.keras": exploit})

    def of_objects(state):
        array = state["attributes"]["classes_"]
        array.update(dtype="|O", shape=[1])

    yield "an array of objects", _change_state(entries, of_objects)


def _foreign_classes(good, canary):
    entries = read_entries(good)
    for name in ("subprocess.Popen", "builtins.eval", "sklearn.utils.Bunch", "joblib.Memory"):
        yield (
            f"class {name}",
            _change_state(entries, lambda state, name=name: state.update({"class": name})),
        )

    def reduced(state):
        code = ["exec", [f"open({canary!r}, 'w')"]]
        state["attributes"]["__reduce__"] = code
        state["attributes"]["__class__"] = {"kind": "object", "class": "builtins.exec"}

    yield "__reduce__ and __class__ as attributes", _change_state(entries, reduced)

    def method(state):
        state["attributes"]["predict_proba"] = {"kind": "method", "name": "exec"}

    yield "a method in place of that of the class", _change_state(entries, method)

    def function(state):
        state["attributes"]["architecture"] = {"kind": "function", "name": "os.system"}

    yield "a function as architecture", _change_state(entries, function)


def _change_state(entries, change):
    state = json.loads(entries["estimator.json"])
    change(state)
    return seal({**entries, "estimator.json": json.dumps(state).encode()})


def _configurations(good, canary):
    code = f"open({canary!r}, 'w')"

    def layer(module, name, config, registered=None):
        return {
            "module": module,
            "class_name": name,
            "config": config,
            "registered_name": registered,
        }

    def function(module, name):
        return layer(module, "function", name, name)

    from keras.src.utils.python_utils import func_dump

    namespace = {}
    exec(f"def run(x):\n    {code}\n    return x", namespace)
    marshalled, defaults, closure = func_dump(namespace["run"])
    layers = {
        "a Lambda layer with code": layer(
            "keras.layers",
            "Lambda",
            {
                "name": "x",
                "function": layer(
                    None,
                    "__lambda__",
                    {"code": marshalled, "defaults": defaults, "closure": closure},
                ),
            },
        ),
        "a Lambda layer of a function": layer(
            "keras.layers", "Lambda", {"name": "x", "function": function("builtins", "exec")}
        ),
        "a Lambda layer under another name": layer(
            "keras.src.layers.core.lambda_layer", "Lambda", {"name": "x", "function": "exec"}
        ),
        "subprocess.Popen as a layer": layer("subprocess", "Popen", {"args": ["touch", canary]}),
        "a module of this library as a layer": layer(
            "skin_lesion.models._networks._files.plain_zip", "write_plain_zip", {"path": canary}
        ),
        "a registered name of something else": layer(
            "keras.layers", "Dense", {"units": 2}, "evil>Dense"
        ),
        "TorchModuleWrapper": layer(
            "keras.layers",
            "TorchModuleWrapper",
            {"module": pickle.dumps(_Exploit(canary)).decode("latin-1")},
        ),
        "TFSMLayer": layer("keras.layers", "TFSMLayer", {"filepath": canary}),
        "a vocabulary in a file": layer(
            "keras.layers", "StringLookup", {"vocabulary": "/etc/passwd"}
        ),
        "a function of Keras that downloads": function("keras.utils", "get_file"),
        "a type": {
            **layer("builtins", "__typespec__", [code]),
            "spec_name": "exec",
        },
        "a function as activation": layer(
            "keras.layers",
            "Activation",
            {"activation": function("os", "system")},
        ),
    }
    for name, config in layers.items():
        yield name, _change_network(good, lambda found, config=config: _append(found, config))

    def compiled(found):
        found["compile_config"] = {"loss": function("os", "system"), "optimizer": "adam"}

    yield "a loss that is a function", _change_network(good, compiled)

    def other_model(found):
        found.update(module="os", class_name="system", config={"command": f"touch {canary}"})

    yield "another class of model", _change_network(good, other_model)


def _append(config, layer):
    config["config"]["layers"].append({**layer, "name": "x", "inbound_nodes": []})


def _change_network(good, change):
    entries = read_entries(good)
    network = read_entries(entries["networks/0.keras"])
    config = json.loads(network["config.json"])
    change(config)
    network["config.json"] = json.dumps(config).encode()
    return seal({**entries, "networks/0.keras": write_entries(network)})


def _weights(good, canary):
    def link(file):
        name = next(iter(file["layers"]))
        del file["layers"][name]
        return name

    def external_link(file):
        file["layers"][link(file)] = h5py.ExternalLink(canary, "/x")

    def soft_link(file):
        file["layers"][link(file)] = h5py.SoftLink("/")

    def hard_link(file):
        file["layers"][link(file)] = file

    def external_data(file):
        file.create_dataset("x", (8,), "uint8", external=[("/etc/passwd", 0, 8)])

    def virtual_data(file):
        layout = h5py.VirtualLayout((8,), "uint8")
        layout[:] = h5py.VirtualSource("/etc/passwd", "x", (8,))
        file.create_virtual_dataset("x", layout)

    def bomb(file):
        file.create_dataset("x", (2**20, 2**20), "float32", chunks=(64, 64), compression="gzip")

    def claims(file):
        file.create_dataset("x", (2**20, 2**20), "float32")

    for change in (
        external_link,
        soft_link,
        hard_link,
        external_data,
        virtual_data,
        bomb,
        claims,
    ):
        entries = read_entries(good)
        network = read_entries(entries["networks/0.keras"])
        file = io.BytesIO(network["model.weights.h5"])
        with h5py.File(file, "r+") as weights:
            change(weights)
        network["model.weights.h5"] = file.getvalue()
        name = f"HDF5: {change.__name__.replace('_', ' ')}"
        yield name, seal({**entries, "networks/0.keras": write_entries(network)})


def _archives(good):
    entries = read_entries(good)
    for name in ("../evil", "/tmp/evil", "..\\evil", "C:\\evil", "arrays/../../evil.bin", "a\0b"):
        yield f"entry {name!r}", seal({**entries, name: b"x"})
    for kind in (stat.S_IFLNK, stat.S_IFIFO):
        link = zipfile.ZipInfo("arrays/99999.bin")
        link.create_system, link.external_attr = 3, (kind | 0o777) << 16
        yield f"entry of mode {kind:o}", seal({**entries, link: b"/etc/passwd"})
    twice = [("manifest.json", entries["manifest.json"]), *entries.items()]
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in twice:
            info = zipfile.ZipInfo(name)
            with archive.open(info, "w") as entry:
                entry.write(data)
    yield "two manifests", file.getvalue()
    network = read_entries(entries["networks/0.keras"])
    asset = write_entries({**network, "assets/../../evil": b"x"})
    yield "a nested entry '../../evil'", seal({**entries, "networks/0.keras": asset})
    wrong = bytearray(entries["networks/0.keras"])
    wrong[len(wrong) // 2] ^= 1
    yield "a wrong checksum", write_entries({**entries, "networks/0.keras": bytes(wrong)})


def _sizes(good):
    entries = read_entries(good)
    zeros = bytes(2**24)
    bomb = write_entries({"x": zeros}, zipfile.ZIP_DEFLATED)
    yield "a zip bomb", write_entries({**entries, "arrays/9.bin": zeros}, zipfile.ZIP_DEFLATED)
    yield "a nested zip bomb", seal({**entries, "networks/0.keras": bomb})
    network = read_entries(entries["networks/0.keras"])
    packed = write_entries(network, zipfile.ZIP_DEFLATED)
    yield "a compressed network", seal({**entries, "networks/0.keras": packed})

    # The list of entries begins here; sizes are at 20 and 24 in each of its records.
    start = good.rindex(b"PK\1\2")
    lying = bytearray(good)
    struct.pack_into("<2L", lying, start + 20, 2**31, 2**31)
    yield "an entry that claims 2 GiB", bytes(lying)
    end = bytearray(good)
    struct.pack_into("<2H", end, len(good) - 14, 65535, 65535)
    yield "a file that claims 65535 entries", bytes(end)
    end = bytearray(good)
    struct.pack_into("<L", end, len(good) - 10, 2**32 - 1)
    yield "a list of entries that claims 4 GiB", bytes(end)

    def huge(state):
        state["attributes"]["classes_"]["shape"] = [2**40]

    yield "an array that claims a terabyte", _change_state(entries, huge)
    yield (
        "brackets without an end",
        seal({**entries, "estimator.json": b"[" * 10**6}),
    )
    yield "a number without an end", seal({**entries, "estimator.json": b"9" * 10**6})
