"""Adding the network of others: what is trusted, what is refused, whole or not at all; the command `networks`."""

from __future__ import annotations

import json
import os
import stat
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from DentalTopoSegLib.commands import cli
from DentalTopoSegLib.errors import InputError, ModelError, OutputError, UsageError
from DentalTopoSegLib.nnunet import installed
from DentalTopoSegLib.nnunet.converted import check_converted
from DentalTopoSegLib.nnunet.installed import (
    add_network,
    find_network,
    installed_networks,
    models_folder,
    networks_folder,
    remove_network,
)

DATA = Path(__file__).resolve().parents[2] / "data" / "nnunet"
#: Converted from Testing/data/nnunet/plain by `python -m training quantize-nnunet --calibrate --orientation LPS`.
FROZEN = DATA / "phantom-teeth.zip"
NAME = "phantom-teeth"


def yes(_card) -> bool:
    return True


def refuse_to_be_asked(_card) -> bool:
    pytest.fail("the licence of something unsound was shown")


@pytest.fixture
def store(tmp_path: Path, monkeypatch) -> Path:
    """The user's folder of networks, which is not there yet."""
    folder = tmp_path / "home" / "networks"
    monkeypatch.setenv("DENTALTOPOSEG_NETWORKS", str(folder))
    return folder


@pytest.fixture
def given(tmp_path: Path) -> Path:
    """The folder that a colleague hands over."""
    with zipfile.ZipFile(FROZEN) as archive:
        archive.extractall(tmp_path / "given")
    return tmp_path / "given" / NAME


def zipped(folder: Path, prefix: str = "", entries: dict[str, bytes] | None = None) -> Path:
    """The folder as a zip, with more entries."""
    path = folder.parent / "parcel.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, prefix + file.name)
        for name, content in (entries or {}).items():
            archive.writestr(name, content)
    return path


def listed(folder: Path, change: Callable[[list[dict]], object]) -> None:
    """Change models.json."""
    path = folder / "models.json"
    content = json.loads(path.read_text())
    change(content["models"])
    path.write_text(json.dumps(content))


def everything(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")} if folder.exists() else set()


def test_the_card_says_what_it_is(store: Path) -> None:
    shown = []
    added = add_network(FROZEN, lambda card: shown.append(card) or True)
    (card,) = shown
    assert added is not None and added.card == card and card.name == NAME
    assert card.trained_on == "teeth of phantoms, to be tested with (Dataset900_plain 3d_fullres, 6 scans)"
    assert card.licence == "CC0-1.0" and card.structures == ("Upper Teeth", "Lower Teeth") and card.teeth == ()
    assert card.precisions == ("fp32", "int8") and card.spacing_mm == (2.0, 2.0, 2.0)
    assert card.size_bytes == sum(path.stat().st_size for path in added.folder.glob("*.onnx"))
    assert "# phantom-teeth" in card.text
    assert installed_networks() == [added]


@pytest.mark.parametrize("prefix", ["", "phantom/", "deep name\\"])
def test_a_zip_may_have_its_files_in_a_folder(store: Path, given: Path, prefix: str) -> None:
    add_network(zipped(given, prefix, {"__MACOSX/._models.json": b"x", "other.txt": b"x"}), yes)
    assert everything(store) == {NAME} | {f"{NAME}/{path.name}" for path in given.iterdir()}


def test_a_folder_is_copied_without_what_its_list_does_not_name(store: Path, given: Path) -> None:
    sound = list(given.iterdir())
    (given / "run.py").write_text("raise SystemExit")
    (given / "more").mkdir()
    add_network(given.parent, yes)  # as a zip is unpacked: the folder around it
    assert everything(store) == {NAME} | {f"{NAME}/{path.name}" for path in sound}
    assert check_converted(store / NAME).name == NAME


def test_without_the_licence_nothing_is_left(store: Path) -> None:
    assert add_network(FROZEN, lambda _card: False) is None
    assert not store.parent.exists()


def _altered(folder: Path) -> None:
    path = next(folder.glob("*fp32.onnx"))
    path.write_bytes(path.read_bytes()[:-1] + b"\0")


def _linked(folder: Path) -> None:
    path = next(folder.glob("*fp32.onnx"))
    path.rename(folder.parent / "elsewhere.onnx")
    path.symlink_to(folder.parent / "elsewhere.onnx")


def _unknown_operator(folder: Path) -> None:
    """The same network with another operator, and a list that fits it."""
    path = next(folder.glob("*fp32.onnx"))
    content = path.read_bytes().replace(b"LeakyRelu", b"LeakyRunX")
    _replace(folder, "fp32", content)


def _replace(folder: Path, precision: str, content: bytes) -> None:
    import hashlib

    def change(entries: list[dict]) -> None:
        entry = next(entry for entry in entries if entry["precision"] == precision)
        (folder / entry["file"]).write_bytes(content)
        entry |= {"sha256": hashlib.sha256(content).hexdigest(), "size_bytes": len(content)}

    listed(folder, change)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (_altered, "damaged or was altered"),
        (_unknown_operator, 'the operator "LeakyRunX"'),
        (lambda f: _replace(f, "fp32", b"\x80\x03cposix\nsystem\n."), "is no ONNX file"),
        (lambda f: (f / "models.json").unlink(), "holds no converted network"),
        (lambda f: (f / "models.json").write_text("{"), "no JSON text"),
        (lambda f: next(f.glob("*int8.onnx")).unlink(), "int8.onnx' of .* is missing"),
        (lambda f: listed(f, lambda m: m[0].update(file="../../etc/passwd")), "no bare file name"),
        (lambda f: listed(f, lambda m: m[0].update(id="../up")), "not a name of letters"),
        (lambda f: listed(f, lambda m: m[0].update(id=".")), "not a name of letters"),
        (lambda f: listed(f, lambda m: m[0].update(id="another")), "must hold one network"),
        (lambda f: listed(f, lambda m: m[0].update(precision="int8")), "must hold one network"),
        (lambda f: listed(f, list.clear), "must hold one network"),
        (lambda f: listed(f, lambda m: m[0].update(task="border")), "a network for border"),
        (lambda f: listed(f, lambda m: m[0].update(size_bytes=1000)), "more than 1,000 bytes"),
        (lambda f: (f / "phantom-teeth.md").write_bytes(b"\xff"), "is no text"),
        (lambda f: (f / "phantom-teeth.md").write_bytes(b"x" * 300_000), "more than 262,144 bytes"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_what_is_unsound_is_refused_in_a_sentence_and_nothing_is_left(
    store: Path, given: Path, damage, words: str, kind: str
) -> None:
    damage(given)
    parcel = given if kind == "folder" else zipped(given, "x/")
    with pytest.raises(ModelError, match=words) as refused:
        add_network(parcel, refuse_to_be_asked)
    text = str(refused.value)
    assert "\n" not in text and ".dentaltoposeg" not in text and str(parcel) in text
    assert not store.parent.exists()


@pytest.mark.skipif(os.name == "nt", reason="links need permission there")
def test_links_in_a_folder_are_refused(store: Path, given: Path) -> None:
    _linked(given)
    with pytest.raises(ModelError, match="is no ordinary file"):
        add_network(given, refuse_to_be_asked)


def test_an_unconverted_model_is_told_what_it_is(store: Path) -> None:
    with pytest.raises(ModelError, match="is not converted yet"):
        add_network(DATA / "plain" / "model", refuse_to_be_asked)


@pytest.mark.parametrize("name", ["../up.onnx", "/etc/x", "a/../../b", "C:/x", "..\\up", "C:x"])
def test_zips_that_reach_outside_are_not_opened(store: Path, given: Path, name: str) -> None:
    with pytest.raises(ModelError, match="would lie outside of it"):
        add_network(zipped(given, "", {name: b"x"}), refuse_to_be_asked)


def test_zips_with_links_are_not_opened(store: Path, given: Path) -> None:
    path = zipped(given)
    link = zipfile.ZipInfo("link")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(ModelError, match="'link', which is no ordinary file"):
        add_network(path, refuse_to_be_asked)


def test_zips_with_a_password_are_told(store: Path, given: Path) -> None:
    path = zipped(given)
    content = bytearray(path.read_bytes())
    at = content.find(b"PK\x01\x02")
    content[at + 8] |= 1
    path.write_bytes(content)
    with pytest.raises(ModelError, match="protected by a password"):
        add_network(path, refuse_to_be_asked)


def test_zips_of_too_many_files_are_not_opened(store: Path, given: Path) -> None:
    with pytest.raises(ModelError, match="201 files"):
        add_network(zipped(given, "", {f"{i}": b"" for i in range(201 - len(list(given.iterdir())))}), yes)
    with pytest.raises(ModelError, match="far more than a converted network"):
        add_network(zipped(given, "", {f"{'n' * 30_000}{i}": b"" for i in range(40)}), yes)


def test_zips_with_two_lists_or_of_twice_the_same_name_are_refused(store: Path, given: Path) -> None:
    with pytest.raises(ModelError, match="several networks"):
        add_network(zipped(given, "a/", {"b/models.json": b"{}"}), yes)
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = zipped(given, "", {"models.json": b"{}"})
    with pytest.raises(ModelError, match=r"'models\.json' twice"):
        add_network(path, yes)


def test_a_zip_that_expands_is_stopped_at_the_size_it_states(store: Path, given: Path, monkeypatch) -> None:
    monkeypatch.setattr(installed, "MOST_NETWORK_BYTES", 200_000)
    network = next(given.glob("*int8.onnx"))
    network.write_bytes(bytes(50_000_000))
    listed(given, lambda entries: [entry.pop("size_bytes") for entry in entries])
    with pytest.raises(ModelError, match="more than 200,000 bytes"):
        add_network(zipped(given), refuse_to_be_asked)


@pytest.mark.parametrize("content", [b"", b"PK", b"PK\x05\x06", b"PK\x05\x06" + bytes(18), b"\x1f\x8b\x08" * 20])
def test_what_is_no_zip_is_told(store: Path, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(content)
    with pytest.raises((ModelError, InputError), match=r"x\.zip"):
        add_network(path, refuse_to_be_asked)


def test_damage_anywhere_in_a_zip_is_seen(store: Path, tmp_path: Path) -> None:
    content = FROZEN.read_bytes()
    path = tmp_path / "x.zip"
    for at in range(0, len(content), len(content) // 40):
        path.write_bytes(content[:at] + bytes((content[at] ^ 0x55,)) + content[at + 1 :])
        try:
            add_network(path, yes)
        except (ModelError, InputError):
            assert not store.exists()
        else:  # where nothing is read: a time, a comment
            assert check_converted(store / NAME).name == NAME
            remove_network(NAME)
            store.rmdir()


def test_a_name_is_taken_once(store: Path, given: Path) -> None:
    add_network(FROZEN, yes)
    with pytest.raises(UsageError, match="was added before: remove it first"):
        add_network(given, refuse_to_be_asked)
    listed(given, lambda entries: [entry.update(id=NAME.upper()) for entry in entries])
    with pytest.raises(UsageError, match="was added before"):  # on some disks it is the same folder
        add_network(given, refuse_to_be_asked)


def test_what_comes_in_between_is_not_replaced(store: Path, given: Path) -> None:
    def somebody_else_adds_it(_card) -> bool:
        add_network(given, yes)
        return True

    with pytest.raises(UsageError, match="was added before"):
        add_network(FROZEN, somebody_else_adds_it)
    assert [one.name for one in installed_networks()] == [NAME]


def test_a_network_is_removed_also_a_damaged_one(store: Path) -> None:
    added = add_network(FROZEN, yes)
    next(added.folder.glob("*fp32.onnx")).write_bytes(b"")
    (one,) = installed_networks()
    assert one.card is None and "has no description of itself" in one.problem
    with pytest.raises(ModelError, match=r"cannot be used: .* Remove it and add it again"):
        find_network(NAME)
    remove_network(NAME)
    assert everything(store) == set()
    with pytest.raises(ModelError, match=r"is called 'phantom-teeth' \(there are: none\)"):
        remove_network(NAME)


@pytest.mark.skipif(
    os.name == "nt" or not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere"
)
def test_a_folder_that_may_not_be_written_is_told(store: Path) -> None:
    store.mkdir(parents=True, mode=0o500)
    with pytest.raises(OutputError, match="cannot be written"):
        add_network(FROZEN, yes)


def test_models_are_named_or_folders(store: Path, given: Path, monkeypatch) -> None:
    added = add_network(FROZEN, yes)
    assert models_folder(NAME) == str(added.folder)
    assert models_folder(str(given)) == str(given)
    monkeypatch.chdir(given.parent)
    assert models_folder(NAME) == str(added.folder) and models_folder(f"./{NAME}") == f"./{NAME}"
    with pytest.raises(ModelError, match=r"neither a folder nor the name .* \(there are: phantom-teeth\)"):
        models_folder("other")


def test_where_networks_lie(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.delenv("DENTALTOPOSEG_NETWORKS", raising=False)
    for name in ("HOME", "XDG_DATA_HOME", "LOCALAPPDATA", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    assert tmp_path in networks_folder().parents
    if sys.platform == "linux":
        assert networks_folder() == tmp_path / "dentaltoposeg" / "networks"
    monkeypatch.setenv("DENTALTOPOSEG_NETWORKS", str(tmp_path / "shared"))
    assert networks_folder() == tmp_path / "shared"


def test_the_command(store: Path, capsys, tmp_path: Path) -> None:
    def run(*words: str) -> tuple[int, str, str]:
        code = cli.main(["networks", *words])
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    assert run("list")[:2] == (0, f"No network was added to '{store}'.\n")
    code, out, err = run("add", str(FROZEN))
    assert code == 2 and "CC0-1.0" in out and "--accept-licence" in err and not store.exists()
    assert run("add", str(FROZEN), "--accept-licence")[0] == 0
    assert NAME in run("list")[1]
    assert "Ranges measured on" in run("show", NAME)[1]
    told = json.loads(run("list", "--json")[1])
    assert told["networks"][0]["structures"] == ["Upper Teeth", "Lower Teeth"] and told["folder"] == str(store)
    scan = str(DATA / "plain" / "scan.nii.gz")
    assert cli.main(["segment", scan, "-o", str(tmp_path / "out"), "--models", NAME, "--quiet"]) == 0
    assert (tmp_path / "out" / "scan_structures.seg.nrrd").is_file()
    capsys.readouterr()
    assert run("remove", NAME)[0] == 0 and run("show", NAME)[0] == ModelError.exit_code
    elsewhere = str(tmp_path / "elsewhere")
    assert run("add", str(FROZEN), "--accept-licence", "--folder", elsewhere)[0] == 0 and os.listdir(elsewhere) == [
        NAME
    ]


@pytest.mark.parametrize(
    "words", [("add",), ("remove",), ("show",), ("list", "x"), ("show", "x", "--accept-licence")], ids=" ".join
)
def test_wrong_usages_are_told(store: Path, capsys, words: tuple[str, ...]) -> None:
    assert cli.main(["networks", *words]) == UsageError.exit_code
    assert capsys.readouterr().err.startswith("dentaltoposeg: ")
